people-notice-unknown = Something went wrong. Please try again.
