
# What Exchange Online permits to the app: to register applications, and to give access to the mailboxes of one group.
# It may be run again: it looks before it changes, and changes only what is missing.
$ErrorActionPreference = 'Stop'
$RoleGroup = 'UTM Mail Connect'
$Registrar = 'UTM Mail Connect Registrar'
$Granter = 'UTM Mail Connect Granter'
$Mailboxes = 'UTM Mail Connect Mailboxes'
$Scope = 'UTM Mail Connect Scope'

# Exchange spreads a new object over its servers for a while.
function Wait-For([scriptblock]$Look) {
    foreach ($try in 1..24) {
        $found = & $Look
        if ($found) { return $found }
        Start-Sleep -Seconds 5
    }
    throw $Texts.Late
}

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

# A tenant that was never customised refuses new roles.
if ((Get-OrganizationConfig).IsDehydrated) {
    if ((Read-Host $Texts.Customization) -notin 'j', 'ja', 'y', 'yes') { throw $Texts.Stopped }
    Enable-OrganizationCustomization
}

# The app's identity, as Exchange knows it. The list is filtered here: an unknown -Identity would return every principal.
$Principal = Get-ServicePrincipal | Where-Object { $_.AppId -eq $AppId }
if ($Principal -and "$($Principal.ObjectId)" -ne $ObjectId) { throw ($Texts.OtherPrincipal -f $Principal.ObjectId) }
if (-not $Principal) {
    New-ServicePrincipal -AppId $AppId -ObjectId $ObjectId -DisplayName $DisplayName | Out-Null
    $Principal = Wait-For { Get-ServicePrincipal | Where-Object { $_.AppId -eq $AppId } }
}

# Two roles with only the cmdlets that the app calls.
if (-not (Get-ManagementRole | Where-Object { $_.Name -eq $Registrar })) {
    New-ManagementRole -Name $Registrar -Parent 'Role Management' | Out-Null
}
Wait-For { Get-ManagementRole | Where-Object { $_.Name -eq $Registrar } } | Out-Null
Get-ManagementRoleEntry "$Registrar\*" |
    Where-Object { $_.Name -notin 'Get-ServicePrincipal', 'New-ServicePrincipal', 'Remove-ServicePrincipal', 'Test-ServicePrincipalAuthorization' } |
    ForEach-Object { Remove-ManagementRoleEntry "$Registrar\$($_.Name)" -Confirm:$false }
# A role that an earlier version of this script has made lacks it; it only reads whether sending is permitted by a role.
if (-not (Get-ManagementRoleEntry "$Registrar\*" | Where-Object { $_.Name -eq 'Test-ServicePrincipalAuthorization' })) {
    if (Get-ManagementRoleEntry 'Role Management\*' | Where-Object { $_.Name -eq 'Test-ServicePrincipalAuthorization' }) {
        Add-ManagementRoleEntry "$Registrar\Test-ServicePrincipalAuthorization" | Out-Null
    }
}

if (-not (Get-ManagementRole | Where-Object { $_.Name -eq $Granter })) {
    New-ManagementRole -Name $Granter -Parent 'Mail Recipients' | Out-Null
}
Wait-For { Get-ManagementRole | Where-Object { $_.Name -eq $Granter } } | Out-Null
Get-ManagementRoleEntry "$Granter\*" |
    Where-Object { $_.Name -notin 'Get-Mailbox', 'Get-Recipient', 'Get-MailboxPermission', 'Add-MailboxPermission', 'Remove-MailboxPermission', 'Get-CASMailbox', 'Set-CASMailbox', 'Get-RecipientPermission', 'Add-RecipientPermission', 'Remove-RecipientPermission' } |
    ForEach-Object { Remove-ManagementRoleEntry "$Granter\$($_.Name)" -Confirm:$false }
# A role that an earlier version of this script has made lacks what that one did not know.
foreach ($Cmdlet in 'Get-RecipientPermission', 'Add-RecipientPermission', 'Remove-RecipientPermission') {
    if (-not (Get-ManagementRoleEntry "$Granter\*" | Where-Object { $_.Name -eq $Cmdlet })) {
        Add-ManagementRoleEntry "$Granter\$Cmdlet" | Out-Null
    }
}

# The mailboxes that the app may be given: the direct members of this group. Nested groups do not count.
if (-not (Get-DistributionGroup | Where-Object { $_.Name -eq $Mailboxes })) {
    New-DistributionGroup -Name $Mailboxes -Type Security -MemberJoinRestriction Closed -Notes $Texts.Notes | Out-Null
    $Group = Wait-For { Get-DistributionGroup | Where-Object { $_.Name -eq $Mailboxes } }
    Set-DistributionGroup -Identity $Group.DistinguishedName -HiddenFromAddressListsEnabled $true
}
$Group = Get-DistributionGroup | Where-Object { $_.Name -eq $Mailboxes }
if ("$($Group.RecipientTypeDetails)" -ne 'MailUniversalSecurityGroup') { throw ($Texts.NotSecurity -f $Mailboxes) }

# The role group: who is in it may register applications, and give access within the scope.
if (-not (Get-RoleGroup | Where-Object { $_.Name -eq $RoleGroup })) {
    New-RoleGroup -Name $RoleGroup -Roles $Registrar -Description $Texts.Notes | Out-Null
}
Wait-For { Get-RoleGroup | Where-Object { $_.Name -eq $RoleGroup } } | Out-Null
if (-not (Get-ManagementRoleAssignment -RoleAssignee $RoleGroup | Where-Object { "$($_.Role)" -eq $Granter })) {
    # Microsoft moves to the first way: a distinguished name breaks when a tenant is relocated. Not every tenant accepts it.
    try {
        New-ManagementRoleAssignment -SecurityGroup $RoleGroup -Role $Granter -RecipientGroupScope $Group.DistinguishedName | Out-Null
    }
    catch {
        Write-Host ($Texts.OtherScope -f $_)
        if (-not (Get-ManagementScope | Where-Object { $_.Name -eq $Scope })) {
            $Name = $Group.DistinguishedName.Replace("'", "''")
            New-ManagementScope -Name $Scope -RecipientRestrictionFilter "MemberOfGroup -eq '$Name'" | Out-Null
        }
        Wait-For { Get-ManagementScope | Where-Object { $_.Name -eq $Scope } } | Out-Null
        New-ManagementRoleAssignment -SecurityGroup $RoleGroup -Role $Granter -CustomRecipientWriteScope $Scope | Out-Null
    }
}

# Without a scope the app could open every mailbox: then it does not become a member.
$Assignments = Wait-For { Get-ManagementRoleAssignment -RoleAssignee $RoleGroup | Where-Object { "$($_.Role)" -eq $Granter } }
foreach ($Assignment in $Assignments) {
    if ("$($Assignment.RecipientWriteScope)" -notin 'Group', 'CustomRecipientScope') {
        throw ($Texts.NoScope -f $Assignment.Name, $Assignment.RecipientWriteScope)
    }
}
$Known = @($ObjectId, "$($Principal.Identity)", "$($Principal.Name)")
$Members = Get-RoleGroupMember -Identity $RoleGroup
if (-not ($Members | Where-Object { "$($_.Name)" -in $Known -or "$($_.Identity)" -in $Known -or "$($_.ExternalDirectoryObjectId)" -in $Known })) {
    try { Add-RoleGroupMember -Identity $RoleGroup -Member $ObjectId }
    catch { if ("$_ $($_.FullyQualifiedErrorId)" -notmatch 'already a member|MemberAlreadyExists') { throw } }
}

Get-ManagementRoleAssignment -RoleAssignee $RoleGroup | Format-Table -Property 'Role', 'RecipientWriteScope', 'CustomResourceScope', 'CustomRecipientWriteScope'
Write-Host ($Texts.Done -f $Mailboxes)
