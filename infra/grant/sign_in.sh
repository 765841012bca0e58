# shellcheck shell=bash
# The registration by which people sign in to the app itself: made, consented to, assigned, set, and taken back. Sourced.
#
# "Assignment required" keeps everybody else of the tenant out, and then nobody may consent for himself: so the consent is
# given here for all (learn.microsoft.com/entra/identity/enterprise-apps/assign-user-or-group-access-portal).

SIGN_IN=CONNECTOR_SIGN_IN
# The ids are ours, the same in every tenant.
SCOPE_ID=6f1b7d0e-93c5-4c0e-9a41-0d2b8f6f7a10
OPENID='openid profile offline_access'

# sign_in_roles: the roles of the app, with their ids. Whoever runs this gets the second and the third.
sign_in_roles() {
    echo "6f1b7d0e-93c5-4c0e-9a41-0d2b8f6f7a11 Reader"
    echo "6f1b7d0e-93c5-4c0e-9a41-0d2b8f6f7a12 Operator"
    echo "6f1b7d0e-93c5-4c0e-9a41-0d2b8f6f7a13 SecretReader"
    echo "6f1b7d0e-93c5-4c0e-9a41-0d2b8f6f7a14 Approver"
}
app_role() { sign_in_roles | awk -v name="$1" '$2 == name { print $1 }'; }

# let_people_in: shows what is missing, asks once, makes it, reads back. Run again it makes nothing twice.
let_people_in() {
    local step look
    find_registration
    if [[ -z $sign_in_app ]]; then
        find_marked
        find_registration
    fi
    show_others
    plan_sign_in
    if [[ ! -s $work/plan ]]; then
        say sign_in_there "$app" "$sign_in_app"
        return
    fi
    while read -r step; do say "sign_in_to_${step/ /_}" "$app"; done <"$work/plan"
    if [[ -n $what_if ]]; then
        say what_if_only
        return
    fi
    confirm sign_in_ask
    open_record sign-in
    if [[ -n ${sign_in_marked:-} ]]; then note registered "$registration" "$sign_in_app"; fi
    while read -r step; do
        # shellcheck disable=SC2086 # a step and its role
        make_$step
    done <"$work/plan"
    for ((look = 1; look <= READ_BACK; look++)); do
        find_registration
        plan_sign_in
        if [[ ! -s $work/plan ]]; then
            say sign_in_there "$app" "$sign_in_app"
            say recorded "$record_file"
            say sign_in_next "https://$host/"
            return
        fi
        ((look == READ_BACK)) || sleep "$PAUSE"
    done
    fail "$FAILED" not_read_back "$(paste -s -d ' ' "$work/plan")"
}

# read_sign_in: sets sign_in_value, and sign_in_denied where somebody else looks after the app's settings.
read_sign_in() {
    local line
    sign_in_value='' sign_in_denied=''
    if ! line=$(azure functionapp config appsettings list --resource-group "$resource_group" --name "$app" \
        --query "[?name=='$SIGN_IN'].to_string([value])"); then
        denied || refused "$app" role_website
        sign_in_denied=yes
    elif [[ -n $line && $line != '[null]' && $line != '[""]' ]]; then
        sign_in_value=$(exact "$line") || fail "$FAILED" bad_value "$SIGN_IN" "$(unpacked "$line")"
    fi
}

# plan_sign_in: what is missing, into $work/plan, a step a line.
plan_sign_in() {
    local role
    : >"$work/assigned"
    : >"$work/consents"
    if [[ -n $sign_in_sp ]]; then read_sign_in_rights; fi
    {
        if [[ -z $registration ]]; then echo registration; elif [[ $audience == '[]' ]]; then echo audience; fi
        if [[ -z $sign_in_sp ]]; then echo enterprise; elif [[ $assignment_required != '[true]' ]]; then echo door; fi
        if ! grep -q $'\taccess$' "$work/consents"; then echo consent; fi
        if ! grep -q $'\topenid profile offline_access$' "$work/consents"; then echo openid; fi
        for role in Operator SecretReader; do
            if [[ -z $sign_in_sp ]] || ! assigned "$(my_id)" "$role" >/dev/null; then echo "assignment $role"; fi
        done
        if [[ -z $sign_in_value ]]; then echo setting; fi
    } >"$work/plan"
}

# read_sign_in_rights: the consents into $work/consents, the assignments into $work/assigned.
read_sign_in_rights() {
    local path="oauth2PermissionGrants?\$filter=clientId%20eq%20'$sign_in_sp'"
    listed "$path" id,consentType,scope || refused "GET $path" role_directory_reader
    awk -F '\t' -v OFS='\t' '$2 == "AllPrincipals" { gsub(/^ +| +$/, "", $3); print $1, $3 }' "$work/listed" >"$work/consents"
    path="servicePrincipals/$sign_in_sp/appRoleAssignedTo"
    listed "$path" id,principalId,appRoleId || refused "GET $path" role_directory_reader
    expect "GET $path" "^$ASSIGNMENT"$'\t'"$ID"$'\t'"$ID$"
    cp "$work/listed" "$work/assigned"
}

make_enterprise() {
    sign_in_sp=$(patiently graph POST servicePrincipals --query id \
        --body "{\"appId\":\"$sign_in_app\",\"appRoleAssignmentRequired\":true}") ||
        refused 'POST servicePrincipals' role_cloud_application
    take_id sign_in_sp "$sign_in_sp"
    note made servicePrincipal "$sign_in_app" "$sign_in_sp"
}

make_door() {
    graph PATCH "servicePrincipals/$sign_in_sp" --body '{"appRoleAssignmentRequired":true}' ||
        refused 'PATCH servicePrincipals' role_cloud_application
}

make_consent() { agree "$sign_in_sp" access; }
make_openid() {
    find_resource "$GRAPH_APP"
    agree "$resource" "$OPENID"
}

# agree RESOURCE SCOPE: consent for everybody who is assigned.
agree() {
    patiently graph POST oauth2PermissionGrants --query id --body \
        "{\"clientId\":\"$sign_in_sp\",\"consentType\":\"AllPrincipals\",\"resourceId\":\"$1\",\"scope\":\"$2\"}" >/dev/null ||
        grep -qE 'already exists' "$work/error" || refused "$2" role_cloud_application
    note consented "$2" "$sign_in_sp"
}

make_assignment() { assign_role "$(my_id)" "$1" "$caller"; }

# make_setting: the last write. Who may not write it hands the line over.
make_setting() {
    if [[ -n $sign_in_denied ]] || ! azure functionapp config appsettings set --resource-group "$resource_group" --name "$app" \
        --settings "$SIGN_IN=$sign_in_app" --query '[].name' >/dev/null; then
        [[ -n $sign_in_denied ]] || denied || refused "$SIGN_IN" role_website
        say sign_in_hand_over
        printf '    az%s\n' "$(quoted_words functionapp config appsettings set --resource-group "$resource_group" --name "$app" \
            --settings "$SIGN_IN=$sign_in_app")"
        say recorded "$record_file"
        exit 0
    fi
    note sign-in-setting "$sign_in_app"
    say setting_set "$SIGN_IN" "$sign_in_app" "$app"
}

# plan_sign_out: is there a registration of ours to be taken back?
plan_sign_out() {
    find_registration
    sign_out=''
    if [[ -z $registration$sign_in_value ]]; then return; fi
    if [[ -n $registration && $(registered) != "$sign_in_app" ]]; then
        say sign_in_stays "$sign_in_app"
        return
    fi
    sign_out=yes
    say sign_in_to_go "$app" "$sign_in_app"
}

# take_sign_in_back: the setting first, so that nobody is sent to a login that is going; then consents and registration.
take_sign_in_back() {
    local id look
    if [[ -n $sign_in_value ]]; then
        azure functionapp config appsettings delete --resource-group "$resource_group" --name "$app" \
            --setting-names "$SIGN_IN" --query '[].name' >/dev/null || refused "$SIGN_IN" role_website
        say setting_restored "$SIGN_IN"
    fi
    if [[ -n $sign_in_sp ]]; then
        read_sign_in_rights
        while IFS=$'\t' read -r id _; do
            graph DELETE "oauth2PermissionGrants/$id" || grep -q ResourceNotFound "$work/error" ||
                refused oauth2PermissionGrants role_cloud_application
        done <"$work/consents"
    fi
    if [[ -n $registration ]]; then
        graph DELETE "applications/$registration" || grep -q ResourceNotFound "$work/error" ||
            refused 'DELETE applications' role_cloud_application
    fi
    for ((look = 1; look <= READ_BACK; look++)); do
        find_registration
        if [[ -z $registration$sign_in_value ]]; then
            note unregistered "$sign_in_app"
            say sign_in_gone "$app"
            return
        fi
        ((look == READ_BACK)) || sleep "$PAUSE"
    done
    fail "$FAILED" not_read_back "$SIGN_IN"
}
