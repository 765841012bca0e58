# shellcheck shell=bash
# Taking back exactly what was granted, the last first: the setting, then the rights. Sourced.

# plan_revoke: what would be taken back, into $work/revoke; says what is not ours and stays.
plan_revoke() {
    local where right name assignment recorded=''
    if any_past_grant; then recorded=yes; else say no_record "$folder"; fi
    : >"$work/revoke"
    if takes entra; then
        read_held directory
        while read -r where right name; do
            assignment=$(held "$right") || continue
            if [[ -z $recorded ]] || ours "$assignment" "$right" -; then
                say right_to_revoke "$name"
                printf '%s\t%s\t%s\t%s\n' "$where" "$right" "$assignment" "$name" >>"$work/revoke"
            else
                say right_stays "$name"
            fi
        done < <(every_right | awk '{ line[NR] = $0 } END { for (i = NR; i > 0; i--) print line[i] }')
    fi
    setting_goes=''
    if takes azure && [[ -n $app ]]; then
        read_setting
        if [[ $setting == value ]] && setting_is_ours; then
            setting_goes=yes
            say setting_to_restore "$SETTING" "$setting_value"
        fi
    fi
}

# plan_sign_in_back: alone, or with all the rest where the app is known.
plan_sign_in_back() {
    sign_out=''
    if takes sign-in && [[ -n $app ]]; then plan_sign_out; fi
}

# revoke: shows, asks once, takes back, reads back. Exchange's lines are for a person to run.
revoke() {
    plan_revoke
    plan_sign_in_back
    if [[ -s $work/revoke || -n $setting_goes || -n $sign_out ]]; then
        if [[ -z $what_if ]]; then
            confirm revoke_ask
            open_record revoke
            if [[ -n $sign_out ]]; then take_sign_in_back; fi
            if [[ -n $setting_goes ]]; then restore_setting; fi
            revoke_rights
        fi
    else
        say nothing_to_revoke
    fi
    if takes exchange; then
        read_identity
        say exchange_remove
        write_exchange_script exchange-remove.ps1 exchange-remove.ps1
    fi
}

revoke_rights() {
    local where right assignment name path
    while IFS=$'\t' read -r where right assignment name; do
        path="servicePrincipals/$identity/appRoleAssignments/$assignment"
        if [[ $where == directory ]]; then path="roleManagement/directory/roleAssignments/$assignment"; fi
        graph DELETE "$path" || grep -q ResourceNotFound "$work/error" || refused "$name" "$(role_for "$where")"
        note revoked "$right" "$name" - "$assignment"
        say right_revoked "$name"
    done <"$work/revoke"
    if [[ -s $work/revoke ]]; then confirm_revoked; fi
}

# confirm_revoked: read back until none is there.
confirm_revoked() {
    local look rest
    for ((look = 1; look <= READ_BACK; look++)); do
        read_held directory
        rest=$(cut -f 3 "$work/revoke" | grep -xF -f <(cut -f 1 "$work/held") || true)
        if [[ -z $rest ]]; then return; fi
        ((look == READ_BACK)) || sleep "$PAUSE"
    done
    fail "$FAILED" not_read_back "$rest"
}
