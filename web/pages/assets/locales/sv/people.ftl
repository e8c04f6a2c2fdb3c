people-notice-unknown = Något gick fel. Försök igen.
