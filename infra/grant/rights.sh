# shellcheck shell=bash
# The rights in Entra: which profile needs which, which the identity holds, and how one is granted and taken back. Sourced.

GRAPH_APP=00000003-0000-0000-c000-000000000000
EXCHANGE_APP=00000002-0000-0ff1-ce00-000000000000
EXCHANGE_ADMINISTRATOR=29232cdf-9323-42fd-ade2-1d097af3e4de
READ_BACK=6

# rights_of PROFILE: where the right is, its id (the same in every tenant) and its name; in the order of granting. With what
# --with names.
rights_of() {
    rights_of_profile "$1"
    if [[ -n $with ]]; then more_rights; fi
}

rights_of_profile() {
    echo "graph 18a4783c-866b-4cc7-a460-3d5e5662c884 Application.ReadWrite.OwnedBy"
    if [[ $1 == minimal ]]; then return; fi
    echo "graph 246dd0d5-5bd0-4def-940b-0421030a5b68 Policy.Read.All"
    echo "exchange dc50a0fb-09a3-484d-be87-e023b12c6440 Exchange.ManageAsApp"
    if [[ $1 == careful ]]; then return; fi
    echo "graph 9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30 Application.Read.All"
    echo "graph 06b708a9-e830-4db3-a914-8e69da51d44f AppRoleAssignment.ReadWrite.All"
    echo "directory $EXCHANGE_ADMINISTRATOR Exchange Administrator"
}

# more_rights: those of no profile.
more_rights() { echo "graph b0afded3-3588-46d8-8b3d-9842eff778da AuditLog.Read.All"; }

# every_right: whatever this script may ever have granted.
every_right() { rights_of_profile automatic && more_rights; }

# read_held [directory]: what the identity holds now, into $work/held: assignment, right, when.
read_held() {
    local path="servicePrincipals/$identity/appRoleAssignments"
    patiently listed "$path" id,appRoleId,createdDateTime || refused "GET $path" role_directory_reader
    expect "GET $path" "^$ASSIGNMENT"$'\t'"$ID"$'\t[^\t]+$'
    awk -F '\t' -v OFS='\t' '{ print $1, tolower($2), $3 }' "$work/listed" >"$work/held"
    if [[ ${1:-} != directory ]]; then return; fi
    path=roleManagement/directory/roleAssignments
    listed "$path?\$filter=principalId%20eq%20'$identity'" id,roleDefinitionId,directoryScopeId ||
        refused "GET $path" role_directory_reader
    expect "GET $path" "^$ASSIGNMENT"$'\t'"$ID"$'\t[^\t]+$'
    # Only the assignment for the whole tenant is the right that we grant; there is no time in it.
    awk -F '\t' -v OFS='\t' '$3 == "/" { print $1, tolower($2), "-" }' "$work/listed" >>"$work/held"
}

# held RIGHT: the assignment's id, or nothing and not 0.
held() { awk -F '\t' -v right="$1" '$2 == right { print $1; found = 1; exit } END { exit !found }' "$work/held"; }

# missing_of PROFILE: those of the profile's rights that the identity does not hold.
missing_of() {
    local where right name
    while read -r where right name; do
        held "$right" >/dev/null || echo "$where $right $name"
    done < <(rights_of "$1")
}

# names_of LINES: the names in lines of rights.
names_of() { cut -d ' ' -f 3- <<<"$1" | paste -s -d ',' - | sed 's/,/, /g'; }

# held_names: what the identity holds, for the record; an id where it is none of ours.
held_names() {
    local right name
    cut -f 2 "$work/held" | while read -r right; do
        name=$(every_right | awk -v right="$right" '$2 == right { sub(/^[^ ]+ [^ ]+ /, ""); print }')
        echo "- - ${name:-$right}"
    done >"$work/names"
    names_of "$(cat "$work/names")"
}

# show_rights PROFILE: every right with its reason and whether it is there.
show_rights() {
    local where right name reason
    while read -r where right name; do
        reason="T_why_${name//[. ]/_}"
        if held "$right" >/dev/null; then say right_there "$name"; else say right_to_grant "$name"; fi
        printf '      %s\n' "${!reason}"
    done < <(rights_of "$1")
}

# find_resources: the two APIs in this tenant. Compares each role's id with the one that we know, before anything is granted.
find_resources() {
    graph_sp='' exchange_sp=''
    find_resource "$GRAPH_APP"
    graph_sp=$resource
    check_roles graph
    if [[ $1 == minimal ]]; then return; fi
    find_resource "$EXCHANGE_APP"
    exchange_sp=$resource
    if [[ -n $exchange_sp ]]; then check_roles exchange; fi
}

# find_resource APP: sets resource (empty: not in this tenant yet) and leaves its roles in $work/roles.
find_resource() {
    local path="servicePrincipals?\$filter=appId%20eq%20'$1'&\$select=id,appRoles"
    resource=$(graph GET "$path" --query 'value[].id') || refused "GET $path" role_directory_reader
    if [[ -n $resource ]]; then take_id resource "$resource"; fi
    graph GET "$path" --query 'value[].appRoles[].[to_string([value]),id]' >"$work/roles" ||
        refused "GET $path" role_directory_reader
}

# A role under another id than is known must be looked at before anybody goes on.
check_roles() {
    local where right name
    while read -r where right name; do
        if [[ $where == "$1" ]] && ! grep -qxiF "[\"$name\"]"$'\t'"$right" "$work/roles"; then
            fail "$FAILED" role_unexpected "$name" "$right"
        fi
    done < <(rights_of automatic)
}

# A tenant that has never used Exchange Online may not know its API yet.
make_exchange_resource() {
    if [[ -n $exchange_sp || $1 == minimal ]]; then return; fi
    say exchange_resource_made
    exchange_sp=$(graph POST servicePrincipals --body "{\"appId\":\"$EXCHANGE_APP\"}" --query id) ||
        refused 'POST servicePrincipals' role_cloud_application
    note made servicePrincipal "$EXCHANGE_APP" "$exchange_sp"
    find_resource "$EXCHANGE_APP"
    check_roles exchange
}

# grant_missing PROFILE: grant what is missing, each noted before and after, then read all of it back.
grant_missing() {
    local where right name assignment
    missing_of "$1" >"$work/missing"
    note_answers_that_got_lost "$1"
    while read -r where right name; do
        note intent "$right" "$name" -
        if assignment=$(patiently assign "$where" "$right"); then
            note granted "$right" "$name" - "$assignment" "$(now)"
            say right_granted "$name"
        elif ! grep -qE 'already exists on the object|conflicting object|RoleAssignmentExists' "$work/error"; then
            refused "$name" "$(role_for "$where")"
        fi
    done <"$work/missing"
    confirm_granted "$1"
}

# assign WHERE RIGHT: the request; prints the new assignment's id.
assign() {
    local api
    if [[ $1 == directory ]]; then
        graph POST roleManagement/directory/roleAssignments --query id --body \
            "{\"roleDefinitionId\":\"$2\",\"principalId\":\"$identity\",\"directoryScopeId\":\"/\"}"
        return
    fi
    if [[ $1 == graph ]]; then api=$graph_sp; else api=$exchange_sp; fi
    graph POST "servicePrincipals/$identity/appRoleAssignments" --query id \
        --body "{\"principalId\":\"$identity\",\"resourceId\":\"$api\",\"appRoleId\":\"$2\"}"
}

# Granting a permission of another API than Graph needs less; a directory role needs as much as Graph's.
role_for() { if [[ $1 == exchange ]]; then echo role_cloud_application; else echo role_privileged; fi; }

# A right that is there, with our intent and no answer noted, was granted by a run that broke off.
note_answers_that_got_lost() {
    local where right name assignment
    while read -r where right name; do
        assignment=$(held "$right") || continue
        if ours "$assignment" "$right" - && ! past_facts | awk -F '\t' -v id="$assignment" \
            '$1 == "granted" && $5 == id { found = 1 } END { exit !found }'; then
            note granted "$right" "$name" - "$assignment" "$(now)"
        fi
    done < <(rights_of "$1")
}

# confirm_granted PROFILE: read back until every right is there.
confirm_granted() {
    local look
    for ((look = 1; look <= READ_BACK; look++)); do
        read_held "$(directory_of "$1")"
        missing_of "$1" >"$work/missing"
        if [[ ! -s $work/missing ]]; then return; fi
        ((look == READ_BACK)) || sleep "$PAUSE"
    done
    fail "$FAILED" not_read_back "$(names_of "$(cat "$work/missing")")"
}

# Directory roles are asked for only where the profile has one: reading them needs more than reading the rest.
directory_of() { if [[ $1 == automatic ]]; then echo directory; fi; }
