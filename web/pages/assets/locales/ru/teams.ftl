teams-page-title = Сторона Teams · Anteroom
teams-lead = Сторона Teams: для сотрудников организации.
teams-sign-in-again = Войдите ещё раз.

## The calendar

teams-your-meetings = Ваши собрания
teams-my-meetings = Мои собрания
teams-no-meetings = В вашем календаре нет собраний на ближайшие дни.
teams-now = Сейчас
teams-today = Сегодня
teams-tomorrow = Завтра
teams-no-subject = Собрание без темы
teams-organizer = Организатор: { $name }
teams-cancelled = Отменено
teams-join = Присоединиться
teams-join-of = Присоединиться к собранию { $subject }
teams-join-with-link = Или присоединитесь по ссылке на собрание
teams-more-about = Ещё о собрании { $subject }
teams-guest-link = Ссылка для гостей
teams-copy-guest-link-of = Скопировать ссылку для гостей собрания { $subject }
teams-guest-link-copied = Ссылка для гостей скопирована.
teams-copy-invitation = Скопировать приглашение
teams-invitation-copied = Приглашение скопировано.
teams-invitation-join = Присоединиться к собранию: { $link }
teams-invitation-id = Идентификатор собрания: { $id }
teams-invitation-passcode = Секретный код: { $passcode }

## New meetings

teams-meet-now = Начать сейчас
teams-meeting-with = Собрание: { $name }
teams-new-meeting = Новое собрание
teams-schedule-title = Запланировать собрание
teams-schedule-confirm = Запланировать
teams-scheduled = Собрание добавлено в календарь.
teams-options-not-set = Собрание запланировано, но задать его параметры не удалось.
teams-subject = Тема
teams-start = Начало
teams-end = Окончание
teams-end-before-start = Окончание должно быть позже начала.
teams-attendees = Пригласить коллег (имена пользователей через запятую)

## Deleting

teams-delete = Удалить собрание
teams-delete-occurrence = Удалить это повторение
teams-delete-text = Собрание «{ $subject }» исчезнет из всех календарей. Если оно идёт, оно завершится для всех.
teams-remove = Удалить из календаря
teams-remove-text = Собрание «{ $subject }» исчезнет только из вашего календаря.
