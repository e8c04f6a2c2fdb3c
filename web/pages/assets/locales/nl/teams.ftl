teams-page-title = Teams-kant · Anteroom
teams-lead = De Teams-kant: voor mensen van de organisatie.
teams-sign-in-again = Meld u opnieuw aan.

## The calendar

teams-your-meetings = Uw vergaderingen
teams-my-meetings = Mijn vergaderingen
teams-no-meetings = Er staan de komende dagen geen vergaderingen in uw agenda.
teams-now = Nu
teams-today = Vandaag
teams-tomorrow = Morgen
teams-no-subject = Vergadering zonder onderwerp
teams-organizer = Organisator: { $name }
teams-cancelled = Geannuleerd
teams-join = Deelnemen
teams-join-of = Deelnemen aan { $subject }
teams-join-with-link = Of deelnemen met een vergaderkoppeling
teams-more-about = Meer over { $subject }
teams-guest-link = Gastkoppeling
teams-copy-guest-link-of = De gastkoppeling van { $subject } kopiëren
teams-guest-link-copied = De koppeling voor gasten is gekopieerd.
teams-copy-invitation = Uitnodiging kopiëren
teams-invitation-copied = De uitnodiging is gekopieerd.
teams-invitation-join = Deelnemen aan de vergadering: { $link }
teams-invitation-id = Vergadering-id: { $id }
teams-invitation-passcode = Wachtwoordcode: { $passcode }

## New meetings

teams-meet-now = Nu vergaderen
teams-meeting-with = Vergadering met { $name }
teams-new-meeting = Nieuwe vergadering
teams-schedule-title = Een vergadering plannen
teams-schedule-confirm = Plannen
teams-scheduled = De vergadering staat in uw agenda.
teams-options-not-set = De vergadering is gepland, maar de opties konden niet worden ingesteld.
teams-subject = Onderwerp
teams-start = Begin
teams-end = Einde
teams-end-before-start = Het einde moet na het begin liggen.
teams-attendees = Collega’s uitnodigen (gebruikersnamen, gescheiden door komma’s)

## Deleting

teams-delete = Vergadering verwijderen
teams-delete-occurrence = Deze gebeurtenis verwijderen
teams-delete-text = “{ $subject }” verdwijnt uit alle agenda’s. Een lopende vergadering wordt voor iedereen beëindigd.
teams-remove = Uit de agenda verwijderen
teams-remove-text = “{ $subject }” verdwijnt alleen uit uw eigen agenda.
