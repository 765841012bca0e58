#!/usr/bin/env bash
# Gives the app's identity the rights that it needs, shows each before, and can take all of it back. Runs in Cloud Shell.
# See docs/how-to/grant-rights.md, or --help.
# shellcheck source-path=SCRIPTDIR
set -euo pipefail
infra=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=grant/say.sh
source "$infra/grant/say.sh"
# shellcheck source=grant/graph.sh
source "$infra/grant/graph.sh"
# shellcheck source=grant/project.sh
source "$infra/grant/project.sh"
# shellcheck source=grant/target.sh
source "$infra/grant/target.sh"
# shellcheck source=grant/record.sh
source "$infra/grant/record.sh"
# shellcheck source=grant/rights.sh
source "$infra/grant/rights.sh"
# shellcheck source=grant/setting.sh
source "$infra/grant/setting.sh"
# shellcheck source=grant/exchange.sh
source "$infra/grant/exchange.sh"
# shellcheck source=grant/whose.sh
source "$infra/grant/whose.sh"
# shellcheck source=grant/application.sh
source "$infra/grant/application.sh"
# shellcheck source=grant/api.sh
source "$infra/grant/api.sh"
# shellcheck source=grant/assignment.sh
source "$infra/grant/assignment.sh"
# shellcheck source=grant/registration.sh
source "$infra/grant/registration.sh"
# shellcheck source=grant/sign_in.sh
source "$infra/grant/sign_in.sh"
# shellcheck source=grant/revoke.sh
source "$infra/grant/revoke.sh"

resource_group='' app='' identity='' tenant='' profile='' part='' granted='' what_if='' assume_yes='' mode=grant connection='' role='' named='' with='' protocols=''
taking_back='' missing='' due='' folder=${HOME:-.}/utm-mail-connect

main() {
    parse "$@"
    sign_in
    find_target
    case $mode$taking_back in
    grant) if [[ $part == sign-in ]]; then let_people_in; else grant; fi ;;
    grantyes) revoke ;;
    assign*) let_in "$connection" "$role" ;;
    consent) consent "$connection" ;;
    consentyes) take_back_consent "$connection" ;;
    adopt) adopt "$connection" ;;
    adoptyes) leave "$connection" ;;
    esac
}

parse() {
    local option
    while (($#)); do
        option=$1
        shift
        case $option in
        --what-if) what_if=yes && continue ;;
        --yes) assume_yes=yes && continue ;;
        --revoke) taking_back=yes && continue ;;
        --help | -h) say grant_help "$me" && exit ;;
        esac
        (($#)) || fail "$USAGE" bad_option "$option" "$me"
        case $option in
        --resource-group) resource_group=$1 && need "$option" "$1" '^[^[:cntrl:]/\\"]+$' ;;
        --app) app=$1 && need "$option" "$1" '^[A-Za-z0-9-]+$' ;;
        --identity) need "$option" "$1" "$GUID" && take_id identity "$1" ;;
        --tenant) need "$option" "$1" "$GUID" && take_id tenant "$1" ;;
        --application-id) need "$option" "$1" "$GUID" && take_id named "$1" ;;
        --profile) profile=$1 && need "$option" "$1" '^(careful|automatic|minimal)$' ;;
        --with) with=$1 && need "$option" "$1" '^sign-in-evidence$' ;;
        --part) part=$1 && need "$option" "$1" '^(entra|exchange|azure|sign-in)$' ;;
        --granted)
            granted=$1
            need "$option" "$1" '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$'
            [[ ! $granted > $(now) ]] || fail "$USAGE" bad_value "$option" "$1"
            ;;
        --consent | --adopt)
            mode=${option#--} connection=$1
            need "$option" "$1" "$CONNECTION"
            ;;
        --assign)
            mode=assign connection=$1
            need "$option" "$1" "$PERSON"
            (($# > 1)) || fail "$USAGE" bad_option "$option" "$me"
            shift
            role=$1 && need "$option" "$1" '^(Reader|Operator|SecretReader|Approver)$'
            ;;
        --protocols) protocols=$1 && need "$option" "$1" '^(imap|pop|smtp)(,(imap|pop|smtp))*$' ;;
        --folder) folder=$1 && need "$option" "$1" . ;;
        *) fail "$USAGE" bad_option "$option" "$me" ;;
        esac
        shift
    done
    if [[ -n $identity && -z $tenant || -z $identity && -n $tenant ]]; then fail "$USAGE" half_target "$me"; fi
    if [[ -n $resource_group && -z $app || -z $resource_group && -n $app ]]; then fail "$USAGE" half_target "$me"; fi
    if [[ -z $identity && -z $app ]]; then fail "$USAGE" half_target "$me"; fi
    if [[ -n $with && $mode$taking_back != grant ]]; then fail "$USAGE" bad_option --with "$me"; fi
    if [[ -n $protocols && $mode != consent* ]]; then fail "$USAGE" bad_option --protocols "$me"; fi
    protocols=${protocols:-imap}
    if [[ -n $named && $mode == grant ]]; then fail "$USAGE" bad_option --application-id "$me"; fi
    if [[ $part == azure && -z $app ]]; then fail "$USAGE" azure_needs_app "$me"; fi
    if [[ ($part == sign-in || $mode == assign) && -z $app ]]; then fail "$USAGE" sign_in_needs_app "$me"; fi
}

# takes PART: is this part of this run?
takes() { [[ -z $part || $part == "$1" ]]; }

grant() {
    choose_profile
    if [[ $part != azure || -z $granted ]]; then
        read_identity
        say target "$identity_name" "$identity" "$tenant" "$caller" "$profile"
        read_held "$(directory_of "$profile")"
    fi
    if takes entra; then prepare_entra; fi
    if takes azure && [[ -n $app ]]; then prepare_azure; fi
    if takes entra || takes azure; then change; fi
    if takes exchange; then exchange; fi
    chain
}

# choose_profile: as given, as chosen, or careful.
choose_profile() {
    local answer=''
    if [[ -z $profile && -z $assume_yes && -z $what_if && ($part == '' || $part == entra) ]]; then
        say choose_profile
        printf '> '
        read -r answer || true
        case $answer in
        '' | 1 | careful) profile=careful ;;
        2 | automatic) profile=automatic ;;
        3 | minimal) profile=minimal ;;
        *) fail "$USAGE" bad_value --profile "$answer" ;;
        esac
    fi
    profile=${profile:-careful}
}

prepare_entra() {
    find_resources "$profile"
    show_rights "$profile"
    missing=$(missing_of "$profile")
}

# prepare_azure: sets due where CONNECTOR_GRANTED has to be set. Alone, it first wants to see that the rights are there.
prepare_azure() {
    read_setting
    if [[ $part == azure && -z $granted ]]; then
        missing=$(missing_of "$profile")
        [[ -z $missing ]] || fail "$FAILED" rights_first "$(names_of "$missing")" \
            "$me$(quoted_words --profile "$profile" ${with:+--with "$with"} --identity "$identity" --tenant "$tenant" --part entra)"
    fi
    if [[ -n $missing ]] || setting_is_due "${granted:-$(newest_grant)}"; then
        due=yes
        say setting_to_set "$SETTING" "$app"
    fi
}

# change: asks once, then grants, reads back, and sets CONNECTOR_GRANTED last.
change() {
    local time
    if [[ -z $missing && -z $due ]]; then
        say nothing_to_grant
        return
    fi
    if [[ -n $what_if ]]; then return; fi
    confirm grant_ask
    if [[ $profile == automatic && -n $missing ]]; then confirm automatic_ask; fi
    open_record "grant $profile ${part:-all}"
    if [[ -e $work/held ]]; then note before "$(held_names)"; fi
    if takes entra; then
        make_exchange_resource "$profile"
        grant_missing "$profile"
        note after "$(held_names)"
    fi
    # Entra's clock decides where ours is behind.
    time=${granted:-$(printf '%s\n' "$(now)" "$(newest_grant)" | sort | tail -n 1)}
    if [[ -n $due ]]; then
        set_granted "$time"
    else
        granted=$time
    fi
    say recorded "$record_file"
}

# exchange: only careful has a role group; the other profiles have nothing to do in Exchange.
exchange() {
    if [[ $profile != careful ]]; then
        say "exchange_not_$profile"
        return
    fi
    say exchange_intro
    write_exchange_script exchange.ps1 exchange.ps1
}

# chain: one part alone hands over to the next person, with the command ready to paste.
chain() {
    local options=(--profile "$profile" ${with:+--with "$with"} --identity "$identity" --tenant "$tenant")
    # Where only the ids are known, the two names are left to be filled in, and next_names says where they stand.
    local azure=(--resource-group "${resource_group:-RESOURCE-GROUP}" --app "${app:-APP}")
    local time=${granted:-}
    if [[ -n $what_if ]]; then
        say what_if_only
        return
    fi
    if [[ -z $time && -e $work/held ]]; then time=$(newest_grant); fi
    if [[ $part == entra && $profile == careful ]]; then
        say next_exchange
        hand_over "${options[@]}" "${azure[@]}" --part exchange ${time:+--granted "$time"}
    fi
    if [[ $part == entra || $part == exchange || (-z $part && -z $app) ]]; then
        say next_azure "$tenant"
        [[ -n $app ]] || say next_names
        hand_over "${options[@]}" "${azure[@]}" --part azure ${time:+--granted "$time"}
    fi
    if [[ -z $part || $part == azure ]]; then say after_grant; fi
}

# hand_over OPTION…: the whole command; the next person sits at another computer.
hand_over() { printf '    %s%s\n' "$(fetched grant.sh)" "$(quoted_words "$@")"; }

main "$@"
