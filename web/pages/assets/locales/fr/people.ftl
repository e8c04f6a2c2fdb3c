people-notice-unknown = Un problème est survenu. Veuillez réessayer.
