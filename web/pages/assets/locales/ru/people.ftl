people-notice-unknown = Что-то пошло не так. Попробуйте ещё раз.
