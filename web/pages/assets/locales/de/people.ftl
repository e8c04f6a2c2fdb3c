people-notice-unknown = Etwas ist schiefgegangen. Versuchen Sie es bitte noch einmal.
