# shellcheck shell=bash
# Exchange's part: PowerShell with this deployment's ids filled in, for the customer's Exchange administrator. Sourced.

# exchange_script TEMPLATE: the whole script: ids and texts, then the template.
exchange_script() {
    local environment=O365Default key
    if [[ $(azure cloud show --query name) == AzureChinaCloud ]]; then environment=O365China; fi
    printf "\$TenantId = '%s'\n\$AppId = '%s'\n\$ObjectId = '%s'\n" "$tenant" "$identity_app" "$identity"
    printf "\$DisplayName = %s\n\$Environment = '%s'\n" "$(powershell "$identity_name")" "$environment"
    printf '%s\n' "\$Texts = @{"
    for key in Customization Done Late NoScope Notes NotSecurity OtherPrincipal OtherScope OtherTenant Removed Stopped; do
        printf "    %s = %s\n" "$key" "$(powershell "$(say "exchange_$key")")"
    done
    echo '}'
    cat "$infra/grant/$1"
}

# write_exchange_script TEMPLATE FILE [LINES]: shows it, with the lines of a file after it, and writes it with a byte order
# mark, without which Windows PowerShell takes UTF-8 for the local code page. --what-if only shows.
write_exchange_script() {
    exchange_script "$1"
    cat "${3:-/dev/null}"
    if [[ -n $what_if ]]; then return; fi
    mkdir -p "$folder"
    { printf '\xef\xbb\xbf' && exchange_script "$1" && cat "${3:-/dev/null}"; } >"$folder/$2"
    say exchange_written "$folder/$2" "$(powershell "$folder/$2")"
}
