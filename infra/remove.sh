#!/usr/bin/env bash
# Removes the app and what it made, in the right order, and says what stays, for how long and why.
# See docs/how-to/update-and-remove.md, or --help.
# shellcheck source-path=SCRIPTDIR
set -euo pipefail
infra=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=grant/say.sh
source "$infra/grant/say.sh"
# shellcheck source=grant/graph.sh
source "$infra/grant/graph.sh"
# shellcheck source=grant/target.sh
source "$infra/grant/target.sh"
# shellcheck source=grant/api.sh
source "$infra/grant/api.sh"
# shellcheck source=grant/record.sh
source "$infra/grant/record.sh"
# shellcheck source=grant/exchange.sh
source "$infra/grant/exchange.sh"
# shellcheck source=grant/belongings.sh
source "$infra/grant/belongings.sh"
# shellcheck source=grant/connections.sh
source "$infra/grant/connections.sh"
# shellcheck source=grant/vault_role.sh
source "$infra/grant/vault_role.sh"

resource_group='' app='' identity='' tenant='' role='' what_if='' assume_yes='' exchange_done='' folder=${HOME:-.}/utm-mail-connect

main() {
    local there
    parse "$@"
    sign_in
    tenant=$signed_in_tenant
    there=$(azure group exists --name "$resource_group") || refused "$resource_group" role_contributor
    if [[ $there != true ]]; then
        say group_gone "$resource_group"
        return
    fi
    look_around
    show
    if [[ -n $what_if ]]; then
        say what_if_only
        return
    fi
    ask
    remove_connections
    exchange_first
    remove_applications
    take_back_rights
    remove_vault_role
    remove_group
    say remove_stays "$resource_group"
}

parse() {
    local option
    while (($#)); do
        option=$1
        shift
        case $option in
        --yes) assume_yes=yes && continue ;;
        --what-if) what_if=yes && continue ;;
        --exchange-done) exchange_done=yes && continue ;;
        --help | -h) say remove_help "$me" && exit ;;
        esac
        (($#)) || fail "$USAGE" bad_option "$option" "$me"
        case $option in
        --resource-group) resource_group=$1 && need "$option" "$1" '^[^[:cntrl:]/\\"]+$' ;;
        --app) app=$1 && need "$option" "$1" '^[A-Za-z0-9-]+$' ;;
        --folder) folder=$1 && need "$option" "$1" . ;;
        *) fail "$USAGE" bad_option "$option" "$me" ;;
        esac
        shift
    done
    [[ -n $resource_group && -n $app ]] || fail "$USAGE" needs_app "$me"
}

# look_around: what there is, before anything is asked. A removal that broke off may have left only the group.
look_around() {
    : >"$work/applications"
    : >"$work/lines"
    find_vault_role
    azure resource list --resource-group "$resource_group" --query '[].[to_string([name]),type]' >"$work/resources" ||
        refused "$resource_group" role_contributor
    # Its vault and its logs have the same name.
    if ! grep -qixF "[\"$app\"]"$'\t'Microsoft.Web/sites "$work/resources"; then return; fi
    find_target
    find_app
    read_identity
    owned_applications
    unowned_connections
    exchange_lines
}

show() {
    if [[ -n $identity ]]; then
        say remove_applications
        if [[ ! -s $work/applications ]]; then echo '      –'; fi
        awk -F '\t' -v prefix="$PREFIX" '{ print "      " $1 "  " prefix $3 }' "$work/applications"
        say remove_exchange
        write_exchange_script exchange-remove.ps1 exchange-remove-all.ps1 "$work/lines"
        say remove_rights
    fi
    say remove_role "${role:-–}"
    say remove_resources "$resource_group"
    show_resources <"$work/resources"
    say remove_stays "$resource_group"
}

show_resources() {
    local name kind
    while IFS=$'\t' read -r name kind; do
        printf '      %s  %s\n' "$(unpacked "$name")" "$(shown "$kind")"
    done
}

# ask: the group's name typed in full. Nobody is there under --yes, so what is not ours stops it then.
ask() {
    local answer=''
    foreign_resources >"$work/foreign"
    if [[ -s $work/foreign ]]; then
        say remove_foreign
        show_resources <"$work/foreign"
        [[ -z $assume_yes ]] || fail "$FAILED" remove_foreign_stops
    fi
    if [[ -n $assume_yes ]]; then return; fi
    say remove_ask "$resource_group"
    printf '> '
    read -r answer || fail "$FAILED" no_answer
    [[ $answer == "$resource_group" ]] || fail "$FAILED" declined
}

# The identity goes with the group, and its rights with it; taken back first, nothing is left if the group cannot go.
take_back_rights() {
    local part
    if [[ -z $identity ]]; then return; fi
    for part in azure entra; do
        "$BASH" "$infra/grant.sh" --revoke --part "$part" --yes --folder "$folder" --resource-group "$resource_group" \
            --app "$app" --identity "$identity" --tenant "$tenant"
    done
}

remove_group() {
    say removing_group "$resource_group"
    azure group delete --name "$resource_group" --yes >/dev/null || refused "$resource_group" role_contributor
    say removed "$resource_group"
}

main "$@"
