# shellcheck shell=bash
# The identity's own role on the vault: it belongs to the tenant, and stays when the resource group goes. Sourced.

# find_vault_role: sets role to its name, or to nothing where there is none (customVaultRole=false).
find_vault_role() {
    role="UTM Mail Connect $app"
    azure role definition list --resource-group "$resource_group" --custom-role-only true --name "$role" \
        --query '[].name' >"$work/vault-role" || refused "$role" role_contributor
    [[ -s $work/vault-role ]] || role=''
}

# remove_vault_role: the assignment first, since a role that somebody has cannot go. It needs more than the rest of the
# removal does; whoever has less is told what is left, and goes on.
remove_vault_role() {
    local vault
    if [[ -z $role ]]; then return; fi
    if vault=$(azure keyvault show --resource-group "$resource_group" --name "$app" --query id); then
        azure role assignment delete --role "$role" --scope "$vault" >/dev/null || left_behind || return 0
    fi
    azure role definition delete --resource-group "$resource_group" --custom-role-only true --name "$role" >/dev/null ||
        left_behind || return 0
    say removed "$role"
}

# left_behind: not 0, after saying so, where a right is missing; else the end.
left_behind() {
    denied || refused "$role" role_contributor
    say remove_role_stays "$role"
    return 1
}
