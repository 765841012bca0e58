# shellcheck shell=bash disable=SC2034
# Die Texte von grant.sh, update.sh und remove.sh auf Deutsch. Jeder ist ein Format für printf; en.sh hat dieselben Schlüssel.

T_grant_help='Gibt der Identität von UTM Mail Connect ihre Rechte, zeigt jedes vorher und kann alles zurücknehmen.

  %s --resource-group NAME --app NAME [Optionen]
  … --identity ID --tenant ID [--resource-group NAME --app NAME] [Optionen]

  --profile careful    (Vorgabe) nur was eine Einrichtung braucht; je Verbindung stimmt einmal ein Mensch zu, und Exchange
                       erlaubt die Postfächer einer Gruppe
  --profile automatic  niemand muss mehr etwas tun; kommt dem Globalen Administrator gleich
  --profile minimal    eigene Anwendungen und der eigene Tresor; Zustimmung und Exchange macht ein Mensch
  --with sign-in-evidence
                       die App liest auch in Entra, seit wann die UTM einen neuen Schlüssel benutzt (Entra ID P1). Sie kann dann
                       die Anmeldungen im ganzen Mandanten lesen
  --part entra         nur ein Teil, wenn verschiedene Personen die Rollen haben. Dieser: Administrator für privilegierte Rollen
  --part exchange      dieser: Organization Management in Exchange Online, oder Exchange-Administrator
  --part azure         dieser: Mitwirkender von Websites (Website Contributor) an der App
  --part sign-in       wie sich Personen mit ihrem Konto an der App anmelden: Registrierung, Zustimmung, Ihre eigenen Rollen, die
                       Einstellung (Cloudanwendungsadministrator, und Website Contributor an der App). Nur, wo es genannt ist
  --assign PERSON ROLLE
                       noch jemanden einlassen: ein Benutzerprinzipalname oder eine Objekt-ID (auch von Gruppe oder Programm), als
                       Reader, Operator, SecretReader oder Approver; mit --revoke nicht mehr
  --granted ZEIT       mit --part azure: die Zeit, die --part entra ausgegeben hat
  --what-if            nur zeigen
  --yes                jede Frage mit Ja beantworten
  --revoke             genau das zurücknehmen, was erteilt wurde
  --consent NAME       die Zustimmung für eine Verbindung geben (Cloudanwendungsadministrator); mit --revoke zurücknehmen
  --protocols LISTE    mit --consent: für imap (Vorgabe), pop, smtp, mit Kommas dazwischen
  --adopt NAME         die Identität zum Besitzer der Anwendung machen, die eine frühere angelegt hat; mit --revoke beenden
  --application-id ID  mit --consent: auch wo die Identität die Anwendung nicht angelegt hat; mit --adopt --yes: welche
  --folder ORDNER      wo Protokolle und PowerShell geschrieben und gesucht werden (Vorgabe ~/utm-mail-connect)
  --help               dieser Text'
T_bad_option='%s: unbekannt, oder der Wert fehlt. Siehe %s --help.'
T_bad_value='%s: „%s“ ist kein Wert dafür.'
T_half_target='Nennen Sie die App: --resource-group und --app, oder --identity und --tenant (alle vier stehen in der Ausgabe der Bereitstellung). Siehe %s --help.'
T_azure_needs_app='--part azure braucht --resource-group und --app. Siehe %s --help.'

T_not_signed_in='Niemand ist angemeldet: az login. (%s)'
T_sign_in_again='Microsoft verlangt eine neue Anmeldung: az login --tenant %s. Wo der bedingte Zugriff die Cloud Shell sperrt, führen Sie dies in WSL oder Git Bash auf einem verwalteten Rechner aus. (%s)'
T_az_failed='%s ist fehlgeschlagen; derselbe Befehl macht dort weiter, wo er aufgehört hat. (%s)'
T_wrong_tenant='%s ist am Mandanten %s angemeldet, die App gehört aber zum Mandanten %s. Nichts wurde geändert. Melden Sie sich dort an: az login --tenant %s --allow-no-subscriptions'
T_right_missing='%s fehlt ein Recht. Nötig ist: %s, für %s.
Haben Sie es über PIM: erst PIM aktivieren, dann neu anmelden (az login --tenant %s), denn eine Anmeldung behält die Rollen, mit denen sie begann. (%s)'
T_role_privileged='die Verzeichnisrolle Privileged Role Administrator (Administrator für privilegierte Rollen)'
T_role_cloud_application='die Verzeichnisrolle Cloud Application Administrator (Cloudanwendungsadministrator)'
T_role_directory_reader='ein Mitgliedskonto des Mandanten (ein Gast braucht die Verzeichnisrolle Directory Readers, Verzeichnisleseberechtigte)'
T_role_website='die Azure-Rolle Website Contributor (Mitwirkender von Websites) an der App'
T_role_reader='die Azure-Rolle Reader (Leser) an der Ressourcengruppe'
T_role_contributor='die Azure-Rolle Contributor (Mitwirkender) an der Ressourcengruppe'
T_no_identity='Die App %s hat keine eigene Identität (benutzerseitig zugewiesen, in ihrer Einstellung AZURE_CLIENT_ID genannt).'
T_not_an_id='„%s“ ist keine Id (GUID), und eine wurde erwartet. Nichts wurde geändert.'
T_not_an_identity='%s ist keine verwaltete Identität, sondern „%s“. Nichts wurde geändert.'

T_target='Identität  %s (%s)
Mandant    %s
Sie sind   %s
Profil     %s
'
T_choose_profile='Wie viel darf die App selbst tun?

  1  careful    Sie richtet Anwendungen ein. Je Verbindung stimmen Sie einmal zu. In Exchange erreicht sie nur die
                Postfächer einer Gruppe, die Sie pflegen. (empfohlen)
  2  automatic  Sie tut alles selbst. Ihre Rechte kommen dem Globalen Administrator gleich: Wer die App übernimmt,
                übernimmt den Mandanten.
  3  minimal    Sie richtet Anwendungen ein. Sie stimmen zu und führen die Zeilen für Exchange aus, die sie zeigt.

1, 2 oder 3 [1]'
T_right_there='  ✔ %s (ist da)'
T_right_to_grant='  + %s'
T_why_Application_ReadWrite_OwnedBy='legt die Anwendungen der Verbindungen an und pflegt sie; ändert nur die, die ihr gehören'
T_why_Policy_Read_All='liest, wie lange der Mandant einen Clientschlüssel leben lässt'
T_why_Exchange_ManageAsApp='darf Exchange Online ansprechen; was sie dort darf, entscheidet eine Rolle in Exchange'
T_why_Application_Read_All='mit AppRoleAssignment.ReadWrite.All: gibt die Zustimmung selbst'
T_why_AppRoleAssignment_ReadWrite_All='gibt die Zustimmung selbst; wer es hat, kann sich jedes andere Recht geben'
T_why_Exchange_Administrator='macht den Teil in Exchange Online selbst, für jedes Postfach des Mandanten'
T_why_AuditLog_Read_All='sagt, seit wann die UTM einen neuen Clientschlüssel benutzt; wer es hat, kann die Anmeldungen aller im Mandanten lesen. Ohne es sagt ein Mensch, dass der Schlüssel eingetragen ist'
T_setting_to_set='  + %s an %s: Ab dieser Zeit holt die App Token. Sie wird zuletzt gesetzt.'
T_nothing_to_grant='Alles ist da; nichts wurde geändert.'
T_grant_ask='
Erteilen? (j/n)'
T_automatic_ask='Diese Rechte kommen dem Globalen Administrator gleich, und PIM meldet die Rolle als außerhalb zugewiesen. Wirklich? (j/n)'
T_no_answer='Keine Antwort, nichts wurde geändert. In einem Skript hilft --yes.'
T_declined='Nichts wurde geändert.'
T_exchange_resource_made='  + Office 365 Exchange Online als Unternehmensanwendung: Dieser Mandant hat sie noch nicht'
T_role_unexpected='Microsoft bietet %s unter einer anderen Id als %s an. Nichts wurde erteilt; bitte melden.'
T_right_granted='  ✔ %s erteilt'
T_setting_set='  ✔ %s = %s an %s'
T_not_read_back='Erledigt, aber noch nicht wieder zu lesen: %s. Führen Sie denselben Befehl in einigen Minuten noch einmal aus.'
T_rights_first='Diese Rechte sind noch nicht da: %s. Zuerst: %s'
T_recorded='
Protokoll: %s. Heben Sie es auf: --revoke nimmt zurück, was darin steht.'
T_record_head='# UTM Mail Connect: Rechte seiner Identität. Heben Sie diese Datei auf.'
T_what_if_only='
Nur gezeigt; nichts wurde geändert.'
T_next_exchange='
Als Nächstes ein Exchange-Administrator (Organization Management), nach az login:'
T_next_azure='
Als Nächstes, wer die Einstellungen der App ändern darf (Website Contributor), nach az login --tenant %s:'
T_next_names='(die Namen der Ressourcengruppe und der App stehen in der Ausgabe der Bereitstellung)'
T_after_grant='
Hat die App schon vorher ein Token geholt, kann eine Änderung ihrer Rechte erst nach 24 Stunden wirken: So lange behält die Plattform ihre Token.
Kommen Warnungen an? Azure fragt die E-Mail-Adresse unter Umständen nach einem Code, der 30 Minuten gilt: Solange er nicht eingegeben ist, kommt keine an. POST /api/test-alarm probiert es aus.'

T_sign_in_needs_app='--part sign-in und --assign brauchen --resource-group und --app. Siehe %s --help.'
T_sign_in_there='An %s melden sich Personen über die Registrierung %s an; es fehlt nichts.'
T_sign_in_to_registration='  + eine eigene Registrierung für die Seite von %s, nur für diesen Mandanten, mit den Rollen Reader, Operator, SecretReader und Approver'
T_sign_in_to_audience='  + die Registrierung für %s: Die Zielgruppe ihrer Token ist noch nicht benannt'
T_sign_in_foreign='Unter dem eindeutigen Namen %s gibt es schon die Anwendung %s, und sie ist nicht so, wie dieses Skript sie anlegt, oder andere haben daran teil: ein weiterer Besitzer, Anmeldedaten, eine andere Adresse, eine Unternehmensanwendung. Sehen Sie sie im Portal an. Ist sie Ihre, setzen Sie %s auf ihre ID und starten Sie dies noch einmal; sonst löschen Sie sie. Geändert wurde nichts.'
T_sign_in_other='  ! noch eine Registrierung dieses Namens: %s. Sie bleibt; löschen Sie sie im Portal, wenn niemand sie braucht.'
T_sign_in_to_enterprise='  + ihre Unternehmensanwendung zu %s: Nur wer zugewiesen ist, kommt hinein'
T_sign_in_to_door='  + die Unternehmensanwendung zu %s lässt jeden ein: ab jetzt nur, wer zugewiesen ist'
T_sign_in_to_consent='  + die Zustimmung, %s zu benutzen, für alle Zugewiesenen: Wo die Zuweisung nötig ist, darf niemand für sich selbst zustimmen'
T_sign_in_to_openid='  + die Zustimmung, dass die Seite von %s erfährt, wer sich angemeldet hat (openid profile offline_access)'
T_sign_in_to_assignment_Operator='  + Sie als Operator von %s'
T_sign_in_to_assignment_SecretReader='  + Sie als SecretReader von %s. Approver ist jemand anderes: --assign PERSON Approver'
T_sign_in_to_setting='  + CONNECTOR_SIGN_IN an %s'
T_sign_in_ask='
Personen so einlassen? (j/n)'
T_sign_in_made='  ✔ registriert: %s'
T_sign_in_next='
Öffnen Sie %s, und melden Sie sich an. Andere lassen Sie mit --assign PERSON ROLLE ein. Sind alle da, schließt CONNECTOR_KEYS=off den Weg über Schlüssel.'
T_sign_in_hand_over='
Weiter geht es bei der Person, die die Einstellungen der App ändern darf (Website Contributor):'
T_sign_in_first='An %s meldet sich noch niemand an: zuerst --part sign-in.'
T_sign_in_stays='  Die Registrierung %s bleibt: Kein Protokoll dieses Skripts sagt, dass es sie angelegt hat. Löschen Sie sie im Portal, wenn niemand sie braucht.'
T_sign_in_to_go='  - die Anmeldung an %s mit ihrer Registrierung %s, ihren Zustimmungen und allen Rollen. Entra hebt Gelöschtes 30 Tage auf'
T_sign_in_gone='  ✔ an %s meldet sich niemand mehr an'
T_assigned='  ✔ %s ist %s'
T_unassigned='  ✔ %s ist nicht mehr %s. Ein früher ausgestelltes Token gilt noch bis zu 90 Minuten'
T_not_assigned='%s ist nicht %s; es ist nichts zu nehmen.'
T_assignment_plan='  + %s (%s) als %s von %s'
T_assignment_goes_plan='  - %s (%s) ist nicht mehr %s von %s'
T_assignment_ask='
So ausführen? (j/n)'

T_exchange_intro='
Exchange Online, für einen Exchange-Administrator (Organization Management). Die Zeilen dürfen mehrmals laufen. In einem nie
angepassten Mandanten fragen sie vor Enable-OrganizationCustomization, das sich nicht rückgängig machen lässt.
'
T_exchange_not_automatic='
Exchange Online: nichts zu tun; die Identität ist Exchange-Administrator.'
T_exchange_not_minimal='
Exchange Online: jetzt nichts zu tun; die App zeigt die Zeilen je Verbindung.'
T_exchange_written='
Geschrieben nach %s. In PowerShell: & %s'
T_exchange_remove='
Exchange Online, für einen Exchange-Administrator: nimmt Rollengruppe und Rollen zurück.
'
T_exchange_Customization='Dieser Mandant wurde nie angepasst und lehnt neue Rollen ab. Enable-OrganizationCustomization lässt sich nicht rückgängig machen. Weiter? (j/n)'
T_exchange_Done='Fertig. Nehmen Sie nun die Postfächer in die Gruppe "{0}" auf, als direkte Mitglieder: Add-DistributionGroupMember.'
T_exchange_Late='Exchange hat die Änderung noch nicht verteilt. Führen Sie dies in einigen Minuten noch einmal aus.'
T_exchange_NoScope='Die Zuweisung "{0}" hat keinen eigenen Bereich ({1}): Mit ihr könnte die App jedes Postfach öffnen. Entfernen Sie sie und führen Sie dies noch einmal aus.'
T_exchange_Notes='UTM Mail Connect: die Postfächer, die die App bekommen darf'
T_exchange_NotSecurity='"{0}" ist keine E-Mail-aktivierte Sicherheitsgruppe.'
T_exchange_OtherPrincipal='Exchange kennt diese App unter einer anderen Objekt-ID: {0}. Entfernen Sie sie mit Remove-ServicePrincipal, wenn niemand sie braucht.'
T_exchange_OtherScope='Dieser Mandant nimmt keine Gruppe als Bereich an, darum wird ein Verwaltungsbereich benutzt: {0}'
T_exchange_OtherTenant='Sie sind an einem anderen Mandanten angemeldet. Disconnect-ExchangeOnline, dann noch einmal ausführen.'
T_exchange_Removed='Entfernt. Die Gruppe "{0}" bleibt: Die Liste gehört Ihnen. Remove-DistributionGroup löscht sie.'
T_exchange_Stopped='Abgebrochen; nichts wurde geändert.'

T_no_record='Kein Protokoll einer Erteilung in %s. Die Identität dient nur dieser App, darum sind alle ihre Rechte gemeint, die dieses Skript kennt.'
T_right_to_revoke='  - %s'
T_right_stays='  · %s bleibt: Dieses Skript hat es nicht erteilt'
T_setting_to_restore='  - %s (%s)'
T_nothing_to_revoke='Nichts zurückzunehmen; nichts wurde geändert.'
T_revoke_ask='
Zurücknehmen? (j/n)'
T_right_revoked='  ✔ %s zurückgenommen'
T_setting_restored='  ✔ %s ist wie vorher'
T_not_ours='%s hat nicht dieses Skript gegeben (kein Protokoll in %s). Nichts wurde geändert.'

T_no_application='In diesem Mandanten gibt es keine Anwendung der Verbindung „%s“ (uniqueName %s).'
T_no_enterprise_application='„%s“ hat noch keine Unternehmensanwendung. Starten Sie zuerst die Einrichtung der Verbindung.'
T_whose_application='„%s“
  Anwendung             %s, angelegt %s von %s'
T_whose_enterprise='  Unternehmensanwendung %s, angelegt von %s'
T_whose_no_enterprise='  Unternehmensanwendung: noch keine'
T_whose_owner='    Besitzer    %s  %s'
T_whose_no_owner='    Besitzer    keiner'
T_whose_credential='    %s  %s  bis %s  %s'
T_whose_no_credential='    Anmeldeinformation  keine'
T_kind_secret='Schlüssel  '
T_kind_certificate='Zertifikat '
T_kind_federated='Verbund    '
T_on_application='Anwendung'
T_on_enterprise='Unternehmensanwendung'
T_maker_identity='der Identität %s'
T_maker_other='%s (%s)'
T_maker_gone='%s (in diesem Mandanten unbekannt)'
T_maker_unknown='niemandem, den Entra nennt'
T_reason_maker='  ✘ %s: angelegt von %s, nicht von der Identität (%s)'
T_reason_unknown='  ✘ %s: Entra sagt nicht, wer sie angelegt hat'
T_reason_owner='  ✘ %s: im Besitz von %s'
T_reason_credential='  ✘ %s: %s %s, von keiner Einrichtung angelegt'
T_reason_unasked='    (die App wurde nicht gefragt, welche Schlüssel ihre sind: Geben Sie --resource-group und --app einer erreichbaren App an und das Recht, ihre Schlüssel aufzulisten)'
T_foreign_application='„%s“ ist nicht unsere oder nicht allein unsere; die Gründe stehen darüber. Nichts wurde geändert. Wer sie angelegt hat, besitzt
oder eine Anmeldeinformation von ihr hat, könnte die Mail lesen. Kennen Sie das alles, nennen Sie die Anwendung mit ihrer Id (oben):
--application-id ID. Hat eine frühere Identität der App sie angelegt: zuerst --adopt.'
T_foreign_named='Sie haben „%s“ mit ihrer Id genannt, darum halten die Gründe darüber die Zustimmung nicht auf.'
T_other_application='--application-id nennt %s, die Anwendung dieser Verbindung ist aber %s. Nichts wurde geändert.'
T_adopt_needs_id='--adopt mit --yes braucht --application-id: Niemand sieht an, was gezeigt wird.'
T_consent_there='„%s“ hat die Zustimmung; nichts wurde geändert.'
T_consent_what_imap='
„%s“ (%s) darf dann per IMAP die Postfächer öffnen, die Exchange ihr gibt: IMAP.AccessAsApp.'
T_consent_what_pop='
„%s“ (%s) darf dann per POP die Postfächer öffnen, die Exchange ihr gibt: POP.AccessAsApp.'
T_consent_what_smtp='
„%s“ (%s) darf dann per SMTP als die Postfächer senden, die Exchange ihr gibt: SMTP.SendAsApp.'
T_consent_ask='
Für die ganze Organisation zustimmen? (j/n)'
T_consent_given='✔ Zustimmung für „%s“ gegeben. Die App merkt es selbst.'
T_adopted_already='Die Identität besitzt „%s“ schon; nichts wurde geändert.'
T_not_tagged='„%s“ trägt unseren Namen, aber nicht unsere Markierung: Keine frühere Identität von uns hat sie angelegt. Nichts wurde geändert.'
T_adopt_ask='
Wer diese Anwendung angelegt hat, kann einen Schlüssel behalten haben. Soll die App „%s“ über die Identität %s besitzen? (j/n)'
T_adopted='✔ Die Identität besitzt „%s“ jetzt. Wer sie sonst angelegt hat, muss in der App noch angenommen werden:
POST /api/connections/%s/accept. Eine Zustimmung braucht dann --application-id.'

T_needs_app='Nennen Sie die App: --resource-group und --app. Siehe %s --help.'
T_update_help='Stellt die neueste Version des Codes bereit, und nur den Code.

  %s --resource-group NAME --app NAME [Optionen]

  --back               zurück zu dem Paket, das vor dem jetzigen bereitgestellt war
  --what-if            nur zeigen, welche Version käme
  --releases ADRESSE   wo die Versionen liegen, wenn nicht beim Projekt (eine eigene Kopie)
  --help               dieser Text'
T_update_plan='%s: jetzt Version %s, verlangt ist %s'
T_update_there='Diese Version läuft; nichts wurde geändert.'
T_update_newer='Es läuft eine neuere Version als die neueste veröffentlichte; nichts wurde geändert.'
T_not_fetched='%s ließ sich nicht holen. Nichts wurde geändert. (%s)'
T_no_package='Dort ist kein Paket genannt: %s'
T_no_previous='Azure kennt in den Bereitstellungen der Ressourcengruppe %s kein früheres Paket.'
T_wrong_checksum='Die Prüfsumme von %s ist nicht die, die seine Version nennt. Nichts wurde geändert.'
T_checksum_right='  ✔ %s hat die Prüfsumme, die seine Version nennt'
T_deploying='  Stelle %s bereit …'
T_updated='  ✔ %s läuft'
T_not_updated='Version %s wurde bereitgestellt, health meldet aber %s. Vielleicht darf nur eine zugelassene Adresse fragen; sonst sehen Sie ins Protokoll der App oder gehen mit --back zurück. (%s)'

T_remove_help='Entfernt die App und was sie angelegt hat, und sagt, was bleibt.

  %s --resource-group NAME --app NAME [Optionen]

  --what-if            nur zeigen
  --yes                nicht nach dem Namen der Ressourcengruppe fragen (hält an, wenn anderes darin liegt)
  --exchange-done      die Zeilen für Exchange sind gelaufen, für Verbindungen, die die App nicht selbst zurücknehmen kann
  --folder ORDNER      wo die Protokolle von grant.sh liegen und das PowerShell hinkommt (Vorgabe ~/utm-mail-connect)
  --help               dieser Text'
T_group_gone='Die Ressourcengruppe %s gibt es nicht; nichts mehr zu entfernen.'
T_remove_not_named='  · %s bleibt: gehört der Identität, trägt aber nicht unseren Namen'
T_remove_not_made='  · %s (%s) bleibt: gehört der Identität, ist aber nicht von ihr angelegt (sondern von %s) und nicht mit --adopt übernommen'
T_remove_not_owned='  · Die Anwendung der Verbindung „%s“ bleibt in Entra: Sie gehört der Identität nicht oder ist nicht von ihr angelegt'
T_remove_applications='
1. Jede Verbindung der App, durch die App selbst, und diese Anwendungen in Entra. Von da an holen die UTMs keine Mail mehr:'
T_remove_exchange='
2. In Exchange Online, durch einen Exchange-Administrator, nachdem die App ihren Teil getan hat: der Zugriff, der noch besteht, und
die Rollengruppe. Die Zeilen:
'
T_remove_rights='
3. Die Rechte der Identität (grant.sh --revoke)'
T_remove_role='
4. Die eigene Rolle der Identität am Tresor: %s'
T_remove_role_stays='  Die Rolle "%s" bleibt: Um sie zu entfernen, muss man Besitzer oder Benutzerzugriffsadministrator sein. Ist die Ressourcengruppe weg, hat sie niemand mehr; unter "Zugriffssteuerung (IAM), Rollen" des Abonnements lässt sie sich dann löschen.'
T_remove_resources='
5. Die Ressourcengruppe %s mit allem darin:'
T_remove_foreign='
Dies gehört nicht zu unserer Bereitstellung und ginge mit der Gruppe unter:'
T_remove_foreign_stops='Nichts wurde geändert. Verschieben Sie es zuerst in eine andere Ressourcengruppe.'
T_remove_ask='
Tippen Sie den Namen der Ressourcengruppe (%s), um all das zu entfernen:'
T_removed='  ✔ %s entfernt'
T_removing_connection='  Die App nimmt die Verbindung „%s“ zurück, das dauert einige Minuten …'
T_remove_unfinished='  · Die App hat die Verbindung „%s“ nicht zurückgenommen: Sie antwortet nicht oder braucht jemanden (wofür, sagt GET /api/connections/NAME)'
T_remove_exchange_first='
Vor diesen Anwendungen kommt Exchange: Ohne sie findet es vielleicht nicht mehr, welchen Zugriff sie haben.'
T_remove_exchange_stops='Von ihnen wurde nichts gelöscht. Führen Sie die Zeilen oben aus und dann dies noch einmal mit --exchange-done.'
T_remove_exchange_ask='Sind die Zeilen oben in Exchange Online gelaufen? [j/N]'
T_removing_group='  Entferne die Ressourcengruppe %s, das dauert einige Minuten …'
T_remove_stays='
Was bleibt: die Anwendungen 30 Tage unter „Gelöschte Anwendungen“ in Entra, wo ein Administrator sie zurückholen oder endgültig
löschen kann; der Tresor mit seinen Schlüsseln 90 Tage, weil der Löschschutz niemanden früher löschen lässt, so lange ist auch sein
Name vergeben (eine neue Bereitstellung in einer Gruppe %s braucht recoverVault oder nameSuffix); was in Exchange Online geschehen
ist, bis die Zeilen oben gelaufen sind; IMAP, wo es eingeschaltet wurde.'
