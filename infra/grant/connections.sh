# shellcheck shell=bash
# The app takes its own connections back. What it cannot, an Exchange administrator does before an application goes. Sourced.

LOOKS_AT_REMOVAL=120 # PAUSE seconds apart: ten minutes for one connection
STUCK=6              # so often in a row a connection that needs somebody is looked at: a refusal may be a passing one

# remove_connections: every connection that the app lists, by the app; the names of those that are through into
# $work/finished, of the others into $work/left. Where the app does not answer there are none.
remove_connections() {
    local after='' name
    : >"$work/finished"
    : >"$work/left"
    : >"$work/connections"
    if [[ -z $identity ]]; then return; fi
    while connections_page "$after"; do
        cat "$work/names" >>"$work/connections"
        if [[ -z $after ]]; then break; fi
    done
    while read -r name; do
        name=$(exact "$name") || continue
        if [[ ! $name =~ $CONNECTION ]]; then continue; fi
        if remove_connection "$name" </dev/null; then
            printf '%s\n' "$name" >>"$work/finished"
            say removed "$PREFIX$name"
        else
            say remove_unfinished "$name"
            printf '      %s\n' "$PREFIX$name" >>"$work/left"
        fi
    done <"$work/connections"
}

# remove_connection NAME: not 0 where it is not through in the end.
remove_connection() {
    local state look stuck=0
    say removing_connection "$1"
    state=$(api remove_connection "api/connections/$1?allowRemoval=9999" 'to_string([state])' DELETE) || return 1
    for ((look = 1; look <= LOOKS_AT_REMOVAL; look++)); do
        case $state in
        '["removed"]') return 0 ;;
        '["running"]' | '["waiting"]') stuck=0 ;;
        *) ((++stuck < STUCK)) || return 1 ;;
        esac
        sleep "$PAUSE"
        state=$(api read_connection "api/connections/$1?top=1" 'to_string([state])') || return 1
    done
    return 1
}

# exchange_first: whether Exchange may still hold access of an application that is about to go: then only after somebody's
# word that the lines were run. Without its application Exchange may not find it any more.
exchange_first() {
    local object id connection
    while IFS=$'\t' read -r object id connection; do
        if grep -qxF "$connection" "$work/finished" || grep -qxF "      $PREFIX$connection" "$work/left"; then continue; fi
        if grep -qxF "# $connection" "$work/lines"; then printf '      %s\n' "$PREFIX$connection" >>"$work/left"; fi
    done <"$work/applications"
    if [[ ! -s $work/left || -n $exchange_done ]]; then return; fi
    say remove_exchange_first
    cat "$work/left"
    [[ -z $assume_yes ]] || fail "$FAILED" remove_exchange_stops
    confirm remove_exchange_ask
}

# remove_applications: what is left of them; those that the app has taken back are gone already.
remove_applications() {
    local object id connection
    while IFS=$'\t' read -r object id connection; do
        if ! graph GET "applications/$object?\$select=id" --query id >/dev/null && grep -q ResourceNotFound "$work/error"; then
            continue
        fi
        graph DELETE "applications/$object" || grep -q ResourceNotFound "$work/error" ||
            refused "$PREFIX$connection ($id)" role_cloud_application
        say removed "$PREFIX$connection"
    done <"$work/applications"
}
