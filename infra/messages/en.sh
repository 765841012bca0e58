# shellcheck shell=bash disable=SC2034
# The texts of grant.sh, update.sh and remove.sh in English. Each is a format for printf; de.sh has the same keys.

T_grant_help='Gives the identity of UTM Mail Connect its rights, shows each before, and can take all of it back.

  %s --resource-group NAME --app NAME [options]
  … --identity ID --tenant ID [--resource-group NAME --app NAME] [options]

  --profile careful    (default) only what a set-up needs; a person consents once per connection, and Exchange permits the
                       mailboxes of one group
  --profile automatic  no person is needed any more; equals Global Administrator
  --profile minimal    applications of its own and its vault; a person does consent and Exchange
  --with sign-in-evidence
                       also lets the app read in Entra since when the UTM uses a new secret (Entra ID P1). It then reads the
                       sign-ins of the whole tenant
  --part entra         one part alone, where different persons hold the roles. This one: Privileged Role Administrator
  --part exchange      this one: Organization Management in Exchange Online, or Exchange Administrator
  --part azure         this one: Website Contributor on the app
  --part sign-in       how people sign in to the app with their accounts: registration, consent, your own roles, the setting
                       (Cloud Application Administrator, and Website Contributor on the app). Only where it is named
  --assign PERSON ROLE let one more in: a user principal name or an object id (also of a group or program), as Reader, Operator,
                       SecretReader or Approver; with --revoke no longer
  --granted TIME       with --part azure: the time that --part entra printed
  --what-if            only show
  --yes                answer every question with yes
  --revoke             take back exactly what was granted
  --consent NAME       give the admin consent for one connection (Cloud Application Administrator); with --revoke take it back
  --protocols LIST     with --consent: for imap (default), pop, smtp, with commas between
  --adopt NAME         make the identity owner of the application that an earlier identity made; with --revoke leave it
  --application-id ID  with --consent: also where the identity did not make the application; with --adopt --yes: which one
  --folder DIRECTORY   where records and PowerShell are written and looked for (default ~/utm-mail-connect)
  --help               this text'
T_bad_option='%s: unknown, or its value is missing. See %s --help.'
T_bad_value='%s: "%s" is not a value for it.'
T_half_target='Name the app: --resource-group and --app, or --identity and --tenant (all four stand in the output of the deployment). See %s --help.'
T_azure_needs_app='--part azure needs --resource-group and --app. See %s --help.'

T_not_signed_in='Nobody is signed in: az login. (%s)'
T_sign_in_again='Microsoft wants a new sign-in: az login --tenant %s. Where Conditional Access blocks Cloud Shell, run this in WSL or Git Bash on a managed computer. (%s)'
T_az_failed='%s failed; run the same command again, it goes on where it stopped. (%s)'
T_wrong_tenant='%s is signed in to the tenant %s, but the app belongs to the tenant %s. Nothing was changed. Sign in there: az login --tenant %s --allow-no-subscriptions'
T_right_missing='%s lacks a right. Needed is: %s, for %s.
If you hold it through PIM: activate PIM first, then sign in again (az login --tenant %s), since a sign-in keeps the roles it began with. (%s)'
T_role_privileged='the directory role Privileged Role Administrator'
T_role_cloud_application='the directory role Cloud Application Administrator'
T_role_directory_reader='a member account of the tenant (a guest needs the directory role Directory Readers)'
T_role_website='the Azure role Website Contributor on the app'
T_role_reader='the Azure role Reader on the resource group'
T_role_contributor='the Azure role Contributor on the resource group'
T_no_identity='The app %s has no identity of its own (user-assigned, named by its setting AZURE_CLIENT_ID).'
T_not_an_id='"%s" is not an id (a GUID), and one was expected. Nothing was changed.'
T_not_an_identity='%s is not a managed identity but "%s". Nothing was changed.'

T_target='Identity  %s (%s)
Tenant    %s
You are   %s
Profile   %s
'
T_choose_profile='How much may the app do by itself?

  1  careful    It sets applications up. You consent once per connection. In Exchange it reaches only the mailboxes of a
                group that you keep. (recommended)
  2  automatic  It does everything by itself. Its rights equal Global Administrator: whoever takes over the app takes over
                the tenant.
  3  minimal    It sets applications up. You consent, and you run the lines for Exchange that it shows.

1, 2 or 3 [1]'
T_right_there='  ✔ %s (is there)'
T_right_to_grant='  + %s'
T_why_Application_ReadWrite_OwnedBy='makes and keeps the applications of the connections; changes only those that it owns'
T_why_Policy_Read_All='reads how long the tenant lets a client secret live'
T_why_Exchange_ManageAsApp='may speak to Exchange Online; what it may do there, a role in Exchange decides'
T_why_Application_Read_All='with AppRoleAssignment.ReadWrite.All: gives the consent by itself'
T_why_AppRoleAssignment_ReadWrite_All='gives the consent by itself; its holder can grant itself every other permission'
T_why_Exchange_Administrator='does the part in Exchange Online by itself, for every mailbox of the tenant'
T_why_AuditLog_Read_All='tells since when the UTM uses a new secret; its holder can read the sign-ins of everybody in the tenant. Without it a person says that the secret is entered'
T_setting_to_set='  + %s at %s: from that time on the app asks for tokens. It is set last.'
T_nothing_to_grant='Everything is there; nothing was changed.'
T_grant_ask='
Grant this? (y/n)'
T_automatic_ask='These rights equal Global Administrator, and PIM reports the role as assigned outside of it. Really? (y/n)'
T_no_answer='No answer, nothing was changed. In a script say --yes.'
T_declined='Nothing was changed.'
T_exchange_resource_made='  + Office 365 Exchange Online as an enterprise application: this tenant does not have it yet'
T_role_unexpected='Microsoft offers %s under another id than %s. Nothing was granted; please report this.'
T_right_granted='  ✔ %s granted'
T_setting_set='  ✔ %s = %s at %s'
T_not_read_back='Done, but it cannot be read back yet: %s. Run the same command again in a few minutes.'
T_rights_first='These rights are not there yet: %s. First: %s'
T_recorded='
Record: %s. Keep it: --revoke takes back what it says.'
T_record_head='# UTM Mail Connect: rights of its identity. Keep this file.'
T_what_if_only='
Only shown; nothing was changed.'
T_next_exchange='
Next, an Exchange administrator (Organization Management), after az login:'
T_next_azure='
Next, whoever may change the settings of the app (Website Contributor), after az login --tenant %s:'
T_next_names='(the names of the resource group and of the app stand in the output of the deployment)'
T_after_grant='
If the app asked for a token before, a change of its rights may act only after 24 hours: the platform keeps its tokens that long.
Do the alerts arrive? Azure may ask the e-mail address for a passcode, valid for 30 minutes: until it is entered none arrives. POST /api/test-alarm tries it.'

T_sign_in_needs_app='--part sign-in and --assign need --resource-group and --app. See %s --help.'
T_sign_in_there='People sign in to %s by the registration %s; nothing is missing.'
T_sign_in_to_registration='  + a registration of its own for the page of %s, in this tenant alone, with the roles Reader, Operator, SecretReader and Approver'
T_sign_in_to_audience='  + the registration for %s: the audience of its tokens is not named yet'
T_sign_in_foreign='Under the unique name %s stands the application %s already, and it is not as this script makes it, or others have a part in it: another owner, a credential, another address, an enterprise application. Look at it in the portal. If it is yours, set %s to its id and run this again; if not, delete it. Nothing was changed.'
T_sign_in_other='  ! another registration of this name: %s. It stays; delete it in the portal if nobody needs it.'
T_sign_in_to_enterprise='  + its enterprise application at %s: only who is assigned comes in'
T_sign_in_to_door='  + the enterprise application at %s lets in everybody: only who is assigned from now on'
T_sign_in_to_consent='  + the consent to use %s, for everybody who is assigned: with "assignment required" nobody may consent for himself'
T_sign_in_to_openid='  + the consent that the page of %s learns who has signed in (openid profile offline_access)'
T_sign_in_to_assignment_Operator='  + you as Operator of %s'
T_sign_in_to_assignment_SecretReader='  + you as SecretReader of %s. Approver is somebody else: --assign PERSON Approver'
T_sign_in_to_setting='  + CONNECTOR_SIGN_IN at %s'
T_sign_in_ask='
Let people sign in by this? (y/n)'
T_sign_in_made='  ✔ registered: %s'
T_sign_in_next='
Open %s and sign in. Let others in with --assign PERSON ROLE. When all of them have: CONNECTOR_KEYS=off closes the way in by keys.'
T_sign_in_hand_over='
Next, whoever may change the settings of the app (Website Contributor):'
T_sign_in_first='Nobody signs in to %s yet: first --part sign-in.'
T_sign_in_stays='  The registration %s stays: no record of this script says that it has made it. Delete it in the portal if nobody needs it.'
T_sign_in_to_go='  - the sign-in to %s with its registration %s, its consents and the roles of all. Entra keeps what is deleted for 30 days'
T_sign_in_gone='  ✔ nobody signs in to %s any more'
T_assigned='  ✔ %s is %s'
T_unassigned='  ✔ %s is no longer %s. A token that was given before holds for up to 90 minutes'
T_not_assigned='%s is not %s; nothing is to be taken.'
T_assignment_plan='  + %s (%s) as %s of %s'
T_assignment_goes_plan='  - %s (%s) is no longer %s of %s'
T_assignment_ask='
Do this? (y/n)'

T_exchange_intro='
Exchange Online, for an Exchange administrator (Organization Management). The lines may be run again. In a tenant that was never
customised they ask before Enable-OrganizationCustomization, which cannot be undone.
'
T_exchange_not_automatic='
Exchange Online: nothing to do; the identity is Exchange Administrator.'
T_exchange_not_minimal='
Exchange Online: nothing to do now; the app shows the lines for each connection.'
T_exchange_written='
Written to %s. In PowerShell: & %s'
T_exchange_remove='
Exchange Online, for an Exchange administrator: takes the role group and the roles back.
'
T_exchange_Customization='This tenant was never customised and refuses new roles. Enable-OrganizationCustomization cannot be undone. Go on? (y/n)'
T_exchange_Done='Done. Now put the mailboxes into the group "{0}", as direct members: Add-DistributionGroupMember.'
T_exchange_Late='Exchange has not spread the change yet. Run this again in some minutes.'
T_exchange_NoScope='The assignment "{0}" has no scope of its own ({1}): with it the app could open every mailbox. Remove it and run this again.'
T_exchange_Notes='UTM Mail Connect: the mailboxes that the app may be given'
T_exchange_NotSecurity='"{0}" is not a mail-enabled security group.'
T_exchange_OtherPrincipal='Exchange knows this app by another object id: {0}. Remove it with Remove-ServicePrincipal if nobody needs it.'
T_exchange_OtherScope='This tenant does not take a group as the scope, so a management scope is used: {0}'
T_exchange_OtherTenant='You are signed in to another tenant. Disconnect-ExchangeOnline, then run this again.'
T_exchange_Removed='Removed. The group "{0}" stays: the list is yours. Remove-DistributionGroup deletes it.'
T_exchange_Stopped='Stopped; nothing was changed.'

T_no_record='No record of a grant in %s. The identity serves only this app, so all of its rights that this script knows are meant.'
T_right_to_revoke='  - %s'
T_right_stays='  · %s stays: this script did not grant it'
T_setting_to_restore='  - %s (%s)'
T_nothing_to_revoke='Nothing to take back; nothing was changed.'
T_revoke_ask='
Take this back? (y/n)'
T_right_revoked='  ✔ %s taken back'
T_setting_restored='  ✔ %s is as it was before'
T_not_ours='%s was not given by this script (no record in %s). Nothing was changed.'

T_no_application='There is no application of the connection "%s" (uniqueName %s) in this tenant.'
T_no_enterprise_application='"%s" has no enterprise application yet. Run the set-up of the connection first.'
T_whose_application='"%s"
  Application           %s, made %s by %s'
T_whose_enterprise='  Enterprise application %s, made by %s'
T_whose_no_enterprise='  Enterprise application: none yet'
T_whose_owner='    Owner       %s  %s'
T_whose_no_owner='    Owner       none'
T_whose_credential='    %s  %s  until %s  %s'
T_whose_no_credential='    Credential  none'
T_kind_secret='Secret     '
T_kind_certificate='Certificate'
T_kind_federated='Federated  '
T_on_application='Application'
T_on_enterprise='Enterprise application'
T_maker_identity='the identity %s'
T_maker_other='%s (%s)'
T_maker_gone='%s (not known in this tenant)'
T_maker_unknown='nobody that Entra names'
T_reason_maker='  ✘ %s: made by %s, not by the identity (%s)'
T_reason_unknown='  ✘ %s: Entra does not say who made it'
T_reason_owner='  ✘ %s: owned by %s'
T_reason_credential='  ✘ %s: %s %s, which a set-up did not make'
T_reason_unasked='    (the app was not asked which keys are its own: give --resource-group and --app of one that can be reached, and the right to list its keys)'
T_foreign_application='"%s" is not ours, or not only ours, for the reasons above. Nothing was changed. Whoever made it, owns it or has a credential
of it could read the mail. If you know all of that, name the application by its id (above): --application-id ID. Where an earlier
identity of the app made it: first --adopt.'
T_foreign_named='You have named "%s" by its id, so the reasons above do not stop the consent.'
T_other_application='--application-id names %s, but the application of this connection is %s. Nothing was changed.'
T_adopt_needs_id='--adopt with --yes needs --application-id: nobody looks at what is shown.'
T_consent_there='"%s" has the consent; nothing was changed.'
T_consent_what_imap='
"%s" (%s) may then open by IMAP the mailboxes that Exchange gives it: IMAP.AccessAsApp.'
T_consent_what_pop='
"%s" (%s) may then open by POP the mailboxes that Exchange gives it: POP.AccessAsApp.'
T_consent_what_smtp='
"%s" (%s) may then send by SMTP as the mailboxes that Exchange gives it: SMTP.SendAsApp.'
T_consent_ask='
Consent for the whole organization? (y/n)'
T_consent_given='✔ Consent given to "%s". The app notices by itself.'
T_adopted_already='The identity owns "%s" already; nothing was changed.'
T_not_tagged='"%s" has our name but not our tag: an earlier identity of ours did not make it. Nothing was changed.'
T_adopt_ask='
Whoever made this application may have kept a secret of it. Make the app own "%s" through the identity %s? (y/n)'
T_adopted='✔ The identity owns "%s" now. Another maker still has to be accepted in the app: POST /api/connections/%s/accept. A consent then
needs --application-id.'

T_needs_app='Name the app: --resource-group and --app. See %s --help.'
T_update_help='Deploys the newest release of the code, and only the code.

  %s --resource-group NAME --app NAME [options]

  --back               go back to the package that was deployed before the present one
  --what-if            only show which version would come
  --releases ADDRESS   where the releases are, if not at the project (a copy of your own)
  --help               this text'
T_update_plan='%s: version %s now, %s is asked for'
T_update_there='That version is running; nothing was changed.'
T_update_newer='A newer version than the newest release is running; nothing was changed.'
T_not_fetched='%s could not be fetched. Nothing was changed. (%s)'
T_no_package='No package is named there: %s'
T_no_previous='Azure keeps no earlier package in the deployments of the resource group %s.'
T_wrong_checksum='The checksum of %s is not the one that its release names. Nothing was changed.'
T_checksum_right='  ✔ %s has the checksum that its release names'
T_deploying='  Deploying %s …'
T_updated='  ✔ %s is running'
T_not_updated='Version %s was deployed, but health reports %s. It may only be asked from an allowed address; otherwise look at the log of the app, or go back with --back. (%s)'

T_remove_help='Removes the app and what it made, and says what stays.

  %s --resource-group NAME --app NAME [options]

  --what-if            only show
  --yes                do not ask for the name of the resource group (stops where something else is in it)
  --exchange-done      the lines for Exchange were run, for connections that the app cannot take back itself
  --folder DIRECTORY   where the records of grant.sh are, and the PowerShell is written (default ~/utm-mail-connect)
  --help               this text'
T_group_gone='The resource group %s does not exist; nothing is left to remove.'
T_remove_not_named='  · %s stays: the identity owns it, but it does not carry our name'
T_remove_not_made='  · %s (%s) stays: the identity owns it, but did not make it (made by %s), and --adopt did not take it over'
T_remove_not_owned='  · The application of the connection "%s" stays in Entra: it is not one that the identity owns and made'
T_remove_applications='
1. Every connection that the app has, by the app itself, and these applications in Entra. From then on the UTMs fetch no mail:'
T_remove_exchange='
2. In Exchange Online, by an Exchange administrator, after the app has done its part: what access is left, and the role group.
The lines:
'
T_remove_rights='
3. The rights of the identity (grant.sh --revoke)'
T_remove_role='
4. The role of its own that the identity has on the vault: %s'
T_remove_role_stays='  The role "%s" stays: it takes Owner or User Access Administrator to remove it. Nobody has it any more once the resource group is gone; under "Access control (IAM), Roles" of the subscription it can be deleted then.'
T_remove_resources='
5. The resource group %s with everything in it:'
T_remove_foreign='
This is not of our deployment and would go with the group:'
T_remove_foreign_stops='Nothing was changed. Move it to another resource group first.'
T_remove_ask='
Type the name of the resource group (%s) to remove all this:'
T_removed='  ✔ %s removed'
T_removing_connection='  The app takes the connection "%s" back, which takes some minutes …'
T_remove_unfinished='  · The app has not taken the connection "%s" back: it does not answer, or needs somebody (GET /api/connections/NAME says what for)'
T_remove_exchange_first='
Exchange comes before these applications: without them it may no longer find what access they have.'
T_remove_exchange_stops='Nothing of them was deleted. Run the lines above, then this again with --exchange-done.'
T_remove_exchange_ask='Have the lines above been run in Exchange Online? [y/N]'
T_removing_group='  Removing the resource group %s, which takes some minutes …'
T_remove_stays='
What stays: the applications 30 days under "Deleted applications" in Entra, where an administrator can bring them back or delete
them for good; the vault with its secrets 90 days, since purge protection lets nobody delete it earlier, so its name is taken that
long (a new deployment in a group %s needs recoverVault or nameSuffix); what was done in Exchange Online, until the lines above
were run; IMAP where it was switched on.'
