# shellcheck shell=bash
# CONNECTOR_GRANTED: from its time on the app asks for tokens. It is set last and taken back first. Sourced.

SETTING=CONNECTOR_GRANTED

# read_setting: sets setting ("value", "empty" or "missing") and setting_value.
read_setting() {
    local line
    line=$(azure functionapp config appsettings list --resource-group "$resource_group" --name "$app" \
        --query "[?name=='$SETTING'].to_string([value])") || refused "$app" role_website
    setting_value=''
    case $line in
    '') setting=missing ;;
    '[null]' | '[""]') setting=empty ;;
    *)
        setting=value
        setting_value=$(exact "$line") || fail "$FAILED" bad_value "$SETTING" "$(unpacked "$line")"
        ;;
    esac
}

# newest_grant: when the youngest right was granted, by Entra's word and by our records; nothing if neither knows.
newest_grant() {
    {
        cut -f 3 "$work/held"
        past_facts | awk -F '\t' '$1 == "granted" && $4 == "-" { print $6 }'
    } | grep -oE '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}' | sort | tail -n 1 | sed 's/$/Z/' || true
}

# setting_is_due TIME: is it unset, or older than TIME? A token from before that time lacks the newer rights.
setting_is_due() { [[ $setting != value || $setting_value < $1 ]]; }

# set_granted TIME: the last write of a grant; read back.
set_granted() {
    local wanted=$1
    note setting "$SETTING" "$wanted" "$setting" "$setting_value"
    azure functionapp config appsettings set --resource-group "$resource_group" --name "$app" \
        --settings "$SETTING=$wanted" --query '[].name' >/dev/null || refused "$SETTING" role_website
    confirm_setting "$wanted"
    say setting_set "$SETTING" "$wanted" "$app"
}

# confirm_setting VALUE: is it so?
confirm_setting() {
    read_setting
    [[ $setting_value == "$1" ]] || fail "$FAILED" not_read_back "$SETTING"
}

# setting_before: what stood there before our first run: the chain of our records, back from the present value.
# Prints "missing", "empty", or "value" and the value. Without a record it is "missing".
setting_before() {
    past_facts | awk -F '\t' -v present="$setting_value" '
        $1 == "setting" { count++; value[count] = $3; state[count] = $4; before[count] = $5 }
        END {
            now = "missing"; seek = present
            for (i = count; i > 0; i--) if (value[i] == seek) { now = state[i]; seek = before[i] }
            print now "\t" seek
        }'
}

# setting_is_ours: is the present value one that this script has set? Without any record it is taken to be.
setting_is_ours() {
    ! any_past_setting || past_facts | grep -F "setting"$'\t'"$SETTING"$'\t'"$setting_value"$'\t' >/dev/null
}

any_past_setting() { past_facts | grep '^setting'$'\t' >/dev/null; }

# restore_setting: as it was before the grant.
restore_setting() {
    local state before
    IFS=$'\t' read -r state before < <(setting_before)
    if [[ $state == missing ]]; then
        azure functionapp config appsettings delete --resource-group "$resource_group" --name "$app" \
            --setting-names "$SETTING" --query '[].name' >/dev/null || refused "$SETTING" role_website
        before=''
    else
        azure functionapp config appsettings set --resource-group "$resource_group" --name "$app" \
            --settings "$SETTING=$before" --query '[].name' >/dev/null || refused "$SETTING" role_website
    fi
    confirm_setting "$before"
    note restored "$SETTING" "$state" "$before"
    say setting_restored "$SETTING"
}
