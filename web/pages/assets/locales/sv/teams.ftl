teams-page-title = Teams-sidan · Anteroom
teams-lead = Teams-sidan: för personer i organisationen.
teams-sign-in-again = Logga in igen.

## The calendar

teams-your-meetings = Dina möten
teams-my-meetings = Mina möten
teams-no-meetings = Det finns inga möten i din kalender de närmaste dagarna.
teams-now = Nu
teams-today = I dag
teams-tomorrow = I morgon
teams-no-subject = Möte utan ämne
teams-organizer = Organisatör: { $name }
teams-cancelled = Inställt
teams-join = Anslut
teams-join-of = Anslut till { $subject }
teams-join-with-link = Eller anslut med en möteslänk
teams-more-about = Mer om { $subject }
teams-guest-link = Gästlänk
teams-copy-guest-link-of = Kopiera gästlänken för { $subject }
teams-guest-link-copied = Länken för gäster har kopierats.
teams-copy-invitation = Kopiera inbjudan
teams-invitation-copied = Inbjudan har kopierats.
teams-invitation-join = Anslut till mötet: { $link }
teams-invitation-id = Mötes-ID: { $id }
teams-invitation-passcode = Lösenord: { $passcode }

## New meetings

teams-meet-now = Mötas nu
teams-meeting-with = Möte med { $name }
teams-new-meeting = Nytt möte
teams-schedule-title = Schemalägg ett möte
teams-schedule-confirm = Schemalägg
teams-scheduled = Mötet finns i din kalender.
teams-options-not-set = Mötet är schemalagt, men alternativen kunde inte ställas in.
teams-subject = Ämne
teams-start = Start
teams-end = Slut
teams-end-before-start = Slutet måste vara efter starten.
teams-attendees = Bjud in kollegor (användarnamn, avgränsade med kommatecken)

## Deleting

teams-delete = Ta bort mötet
teams-delete-occurrence = Ta bort den här förekomsten
teams-delete-text = ”{ $subject }” försvinner från alla kalendrar. Ett pågående möte avslutas för alla.
teams-remove = Ta bort från kalendern
teams-remove-text = ”{ $subject }” försvinner bara från din kalender.
