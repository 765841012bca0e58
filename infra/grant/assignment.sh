# shellcheck shell=bash
# Who has which role of the sign-in: a person, a group or a program, by --assign and its --revoke. Sourced with sign_in.sh.

# let_in PERSON ROLE: one more person, group or program; with --revoke one less.
let_in() {
    local who name held look
    find_registration
    [[ -n $sign_in_sp ]] || fail "$FAILED" sign_in_first "$app"
    read_person "$1"
    read_sign_in_rights
    if held=$(assigned "$who" "$2"); then
        if [[ -z $taking_back ]]; then
            say assigned "$name" "$2"
            return
        fi
    elif [[ -n $taking_back ]]; then
        say not_assigned "$name" "$2"
        return
    fi
    say "assignment_${taking_back:+goes_}plan" "$name" "$who" "$2" "$app"
    if [[ -n $what_if ]]; then return; fi
    confirm assignment_ask
    open_record "${taking_back:+un}assign $2"
    if [[ -n $taking_back ]]; then
        graph DELETE "servicePrincipals/$sign_in_sp/appRoleAssignedTo/$held" || grep -q ResourceNotFound "$work/error" ||
            refused "$2" role_cloud_application
        note unassigned "$2" "$who" "$held"
    else
        assign_role "$who" "$2" "$name"
    fi
    for ((look = 1; look <= READ_BACK; look++)); do
        read_sign_in_rights
        if [[ -n $taking_back ]]; then
            if ! assigned "$who" "$2" >/dev/null; then say unassigned "$name" "$2" && return; fi
        elif assigned "$who" "$2" >/dev/null; then return; fi
        ((look == READ_BACK)) || sleep "$PAUSE"
    done
    fail "$FAILED" not_read_back "$2"
}

# read_person PERSON: sets who and name, of an object id or a user principal name; a guest's has a # in it.
read_person() {
    local path packed
    if [[ $1 =~ $GUID ]]; then path="directoryObjects/$1"; else path="users/${1//'#'/%23}"; fi
    graph GET "$path" --query '[[id,to_string([displayName])]]' >"$work/person" || refused "GET $path" role_directory_reader
    IFS=$'\t' read -r who packed <"$work/person"
    take_id who "$who"
    name=$(unpacked "$packed")
}

# assigned PRINCIPAL ROLE: the assignment's id, or nothing and not 0.
assigned() {
    awk -F '\t' -v who="$1" -v role="$(app_role "$2")" \
        'tolower($2) == tolower(who) && tolower($3) == role { print $1; found = 1; exit } END { exit !found }' "$work/assigned"
}

# my_id: who runs this.
my_id() {
    if [[ ! -e $work/me ]]; then graph GET "me?\$select=id" --query id >"$work/me" || refused 'GET me' role_directory_reader; fi
    cat "$work/me"
}

# assign_role PRINCIPAL ROLE NAME: let somebody be that.
assign_role() {
    local made
    note intent-assignment "$2" "$1"
    if made=$(patiently graph POST "servicePrincipals/$sign_in_sp/appRoleAssignedTo" --query id --body \
        "{\"principalId\":\"$1\",\"resourceId\":\"$sign_in_sp\",\"appRoleId\":\"$(app_role "$2")\"}"); then
        note assigned "$2" "$1" "$made"
        say assigned "$3" "$2"
    elif ! grep -qE 'already exists on the object|conflicting object' "$work/error"; then
        refused "$2" role_cloud_application
    fi
}
