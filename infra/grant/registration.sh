# shellcheck shell=bash
# The registration itself: which one it is, found again where an answer was lost, and made. Sourced with sign_in.sh.

# find_registration: sets host, sign_in_app, registration and sign_in_sp; empty is what there is not. The setting and our own
# records say which it is, and what find_marked has found.
find_registration() {
    find_app
    read_sign_in
    sign_in_app=${sign_in_value:-$(registered)} registration='' sign_in_sp='' assignment_required='' audience=''
    sign_in_app=${sign_in_app:-${sign_in_marked:-}}
    if [[ -z $sign_in_app ]]; then return; fi
    take_id sign_in_app "$sign_in_app"
    graph GET "applications?\$filter=appId%20eq%20'$sign_in_app'&\$select=id,identifierUris" \
        --query 'value[].[id,to_string(identifierUris)]' >"$work/registration" || refused 'GET applications' role_directory_reader
    IFS=$'\t' read -r registration audience <"$work/registration" || true
    if [[ -n $registration ]]; then take_id registration "$registration"; fi
    graph GET "servicePrincipals?\$filter=appId%20eq%20'$sign_in_app'&\$select=id,appRoleAssignmentRequired" \
        --query 'value[].[id,to_string([appRoleAssignmentRequired])]' >"$work/enterprise" ||
        refused 'GET servicePrincipals' role_directory_reader
    IFS=$'\t' read -r sign_in_sp assignment_required <"$work/enterprise" || true
    if [[ -n $sign_in_sp ]]; then take_id sign_in_sp "$sign_in_sp"; fi
}

# marked: under which unique name the registration is made. No two applications have one, so a second run makes no second; no
# connection has a name with two dashes in a row.
marked() { printf '%s-sign-in-%s' "$PREFIX" "$app"; }

# find_marked: sets sign_in_marked where an answer was lost and the registration is there. Any member of the tenant may register
# one of that name: it is ours as long as nobody else owns it, only the page signs in with it, nothing has a credential for it,
# and it has no enterprise application yet, which comes after our record of it.
find_marked() {
    local path found id rest
    path="applications(uniqueName='$(marked)')"
    if ! graph GET "$path?\$select=id,appId,spa,web,publicClient,appRoles,passwordCredentials,keyCredentials" --query \
        "[[id,appId,to_string(spa.redirectUris),to_string(appRoles[].id),to_string(web.redirectUris),\
to_string(publicClient.redirectUris),to_string(passwordCredentials[].keyId),to_string(keyCredentials[].keyId)]]" >"$work/marked"; then
        grep -q ResourceNotFound "$work/error" || refused "GET $path" role_directory_reader
        return
    fi
    IFS=$'\t' read -r found id rest <"$work/marked"
    take_id found "$found"
    take_id id "$id"
    if [[ ${rest//null/[]} != "$(page_alone)" ]] || others_at "$found" "$id"; then
        fail "$FAILED" sign_in_foreign "$(marked)" "$id" "$SIGN_IN"
    fi
    # shellcheck disable=SC2034 # for find_registration
    sign_in_marked=$id
}

# page_alone: what find_marked reads of a registration as we make it: the page's address, our roles, nothing besides.
page_alone() {
    printf '["https://%s/"]\t[%s]\t[]\t[]\t[]\t[]' "$host" \
        "$(sign_in_roles | awk '{ printf "%s\"%s\"", (NR == 1 ? "" : ","), $1 }')"
}

# others_at OBJECT APPLICATION: does somebody else own it, or does anything sign in as it already?
others_at() {
    local path
    my_id >"$work/mine"
    for path in "applications/$1/owners" "applications/$1/federatedIdentityCredentials" \
        "servicePrincipals?\$filter=appId%20eq%20'$2'&\$select=id"; do
        listed "$path" id || refused "GET $path" role_directory_reader
        expect "GET $path" "^$ID$"
        if [[ $path == */owners ]]; then grep -qvixFf "$work/mine" "$work/listed" || continue; fi
        if [[ -s $work/listed ]]; then return 0; fi
    done
    return 1
}

# show_others: registrations of our display name besides the one in use, which an earlier version may have left. None is taken
# away: whose they are a name does not say.
show_others() {
    local id
    graph GET "applications?\$filter=displayName%20eq%20'UTM%20Mail%20Connect%20($app)'&\$select=appId" --query 'value[].appId' \
        >"$work/named" || refused 'GET applications' role_directory_reader
    while read -r id; do
        take_id id "$id"
        if [[ $id != "$sign_in_app" ]]; then say sign_in_other "$id"; fi
    done <"$work/named"
}

# registered: the application that our records name, unless it was taken back.
registered() {
    past_facts | awk -F '\t' '$1 == "registered" { id = $3 } $1 == "unregistered" { id = "" } END { if (id) print id }'
}

# make_registration: "create-if-missing" makes one or changes the one that there is (Graph: upsert application), and says which
# only in the first case; so it is looked at whose it is.
make_registration() {
    local path look
    path="applications(uniqueName='$(marked)')"
    graph PATCH "$path" --headers Prefer=create-if-missing --body "$(registration_body)" --query '[[id]]' >/dev/null ||
        refused "PATCH $path" role_cloud_application
    for ((look = 1; look <= READ_BACK; look++)); do
        find_marked
        find_registration
        if [[ -n $registration ]]; then break; fi
        ((look == READ_BACK)) || sleep "$PAUSE"
    done
    [[ -n $registration ]] || fail "$FAILED" not_read_back registration
    note registered "$registration" "$sign_in_app"
    make_audience
    say sign_in_made "$sign_in_app"
}

# make_audience: what a token is for.
make_audience() {
    patiently graph PATCH "applications/$registration" --body "{\"identifierUris\":[\"api://$sign_in_app\"]}" ||
        refused 'PATCH applications' role_cloud_application
}

# registration_body: single tenant, a page as its client, the scope for people and the roles for people and programs; the token
# says which of both has come (idtyp).
registration_body() {
    local id role roles=''
    while read -r id role; do
        roles+="${roles:+,}{\"id\":\"$id\",\"value\":\"$role\",\"displayName\":\"$role\",\"description\":\"UTM Mail Connect: $role\","
        roles+="\"allowedMemberTypes\":[\"User\",\"Application\"],\"isEnabled\":true}"
    done < <(sign_in_roles)
    printf '{"displayName":"UTM Mail Connect (%s)","signInAudience":"AzureADMyOrg","spa":{"redirectUris":["https://%s/"]},' "$app" "$host"
    printf '"api":{"requestedAccessTokenVersion":2,"oauth2PermissionScopes":[{"id":"%s","value":"access","type":"User",' "$SCOPE_ID"
    printf '"isEnabled":true,"adminConsentDisplayName":"UTM Mail Connect","adminConsentDescription":"Use UTM Mail Connect"}]},'
    printf '"appRoles":[%s],"optionalClaims":{"accessToken":[{"name":"idtyp"}]},' "$roles"
    printf '"servicePrincipalLockConfiguration":{"isEnabled":true,"allProperties":true}}'
}
