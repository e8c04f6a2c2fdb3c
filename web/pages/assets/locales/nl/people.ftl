people-notice-unknown = Er is iets misgegaan. Probeer het opnieuw.
