teams-page-title = Teams-Seite · Anteroom
teams-lead = Die Teams-Seite: für Personen aus der Organisation.
teams-sign-in-again = Bitte melden Sie sich erneut an.

## The calendar

teams-your-meetings = Ihre Besprechungen
teams-my-meetings = Meine Besprechungen
teams-no-meetings = In den nächsten Tagen stehen keine Besprechungen in Ihrem Kalender.
teams-now = Jetzt
teams-today = Heute
teams-tomorrow = Morgen
teams-no-subject = Besprechung ohne Betreff
teams-organizer = Organisator: { $name }
teams-cancelled = Abgesagt
teams-join = Teilnehmen
teams-join-of = An { $subject } teilnehmen
teams-join-with-link = Oder mit einem Besprechungslink teilnehmen
teams-more-about = Mehr zu { $subject }
teams-guest-link = Gastlink
teams-copy-guest-link-of = Gastlink von { $subject } kopieren
teams-guest-link-copied = Der Link für Gäste wurde kopiert.
teams-copy-invitation = Einladung kopieren
teams-invitation-copied = Die Einladung wurde kopiert.
teams-invitation-join = An der Besprechung teilnehmen: { $link }
teams-invitation-id = Besprechungs-ID: { $id }
teams-invitation-passcode = Kennung: { $passcode }

## New meetings

teams-meet-now = Jetzt besprechen
teams-meeting-with = Besprechung mit { $name }
teams-new-meeting = Neue Besprechung
teams-schedule-title = Besprechung planen
teams-schedule-confirm = Planen
teams-scheduled = Die Besprechung steht in Ihrem Kalender.
teams-options-not-set = Die Besprechung ist geplant, aber ihre Optionen konnten nicht gesetzt werden.
teams-subject = Betreff
teams-start = Beginn
teams-end = Ende
teams-end-before-start = Das Ende muss nach dem Beginn liegen.
teams-attendees = Kollegen einladen (Benutzernamen, durch Kommas getrennt)

## Deleting

teams-delete = Besprechung löschen
teams-delete-occurrence = Diesen Termin löschen
teams-delete-text = „{ $subject }“ verschwindet aus allen Kalendern. Eine laufende Besprechung endet für alle.
teams-remove = Aus dem Kalender entfernen
teams-remove-text = „{ $subject }“ verschwindet nur aus Ihrem Kalender.
