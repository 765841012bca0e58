
# Takes back what exchange.ps1 made in Exchange Online. It may be run again.
$ErrorActionPreference = 'Stop'
$RoleGroup = 'UTM Mail Connect'
$Registrar = 'UTM Mail Connect Registrar'
$Granter = 'UTM Mail Connect Granter'
$Mailboxes = 'UTM Mail Connect Mailboxes'
$Scope = 'UTM Mail Connect Scope'

# Sign in, to this tenant only.
if (-not (Get-Command 'Connect-ExchangeOnline' -ErrorAction SilentlyContinue)) {
    Install-Module -Name 'ExchangeOnlineManagement' -Scope CurrentUser
}
if (-not (Get-ConnectionInformation | Where-Object { $_.State -eq 'Connected' })) {
    Connect-ExchangeOnline -ShowBanner:$false -ExchangeEnvironmentName $Environment
}
if (Get-ConnectionInformation | Where-Object { $_.State -eq 'Connected' -and "$($_.TenantID)" -ne $TenantId }) {
    throw $Texts.OtherTenant
}

if (Get-RoleGroup | Where-Object { $_.Name -eq $RoleGroup }) {
    Get-ManagementRoleAssignment -RoleAssignee $RoleGroup | Remove-ManagementRoleAssignment -Confirm:$false
    Remove-RoleGroup -Identity $RoleGroup -Confirm:$false
}
if (Get-ManagementScope | Where-Object { $_.Name -eq $Scope }) {
    Remove-ManagementScope -Identity $Scope -Confirm:$false
}
foreach ($Role in $Registrar, $Granter) {
    if (Get-ManagementRole | Where-Object { $_.Name -eq $Role }) { Remove-ManagementRole -Identity $Role -Confirm:$false }
}
if (Get-ServicePrincipal | Where-Object { $_.AppId -eq $AppId }) {
    Remove-ServicePrincipal -Identity $ObjectId -Confirm:$false
}
# The list of mailboxes is yours: it stays, and gives no right to anybody.
Write-Host ($Texts.Removed -f $Mailboxes)
