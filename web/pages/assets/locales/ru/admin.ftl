# Страница администраторов. Имена параметров, политик и уровней не переводятся: это имена командлетов.

admin-title = Администрирование
admin-lead = Для администраторов организации.
admin-sign-in-again = Войдите ещё раз.
admin-not-an-administrator = Вы не администрируете эту организацию.
admin-sign-out = Выйти
admin-skip = Перейти к содержимому
admin-navigation = Разделы
admin-unreachable = Служба недоступна.
admin-refused = Служба отклонила этот запрос.
admin-loading = Загрузка…
admin-other-tenant = Вы администрируете { $tenant }. Это не ваш собственный клиент.
admin-back-to-own = Вернуться к своему клиенту
admin-add = Добавить
admin-name = Имя
admin-id = ИД
admin-users = Пользователи
admin-none = Нет
admin-show = Показать

## Параметры

admin-settings = Параметры
admin-settings-lead = Под именами командлетов PowerShell. Они действуют сразу, в том числе в идущих собраниях.
admin-applied = Параметры вступили в силу.
admin-add-named = Добавить политику, метку или шаблон
admin-named-explained = Политика начинается со значений Global. Метка конфиденциальности или шаблон собрания задаёт наибольшее, что может быть у собрания; остальное выбирает организатор.
admin-added = Добавлено: { $name }. Вступит в силу после применения.
admin-exists = { $name } уже есть.
admin-remove = Удалить
admin-remove-named = Удалить { $name }
admin-removed = Удалено: { $name }. Вступит в силу после применения.
admin-left-open = Не задано
admin-grant-explained = Кому назначены политики. Назначенное пользователю важнее назначенного группе; из нескольких групп действует та, у которой наименьший ранг.
admin-grant-add = Назначить политику
admin-grant-number = Назначение { $number }
admin-grant-to = Кому
admin-grant-who = Имя или идентификатор
admin-dry-run = Показать, что изменится
admin-apply = Применить
admin-guests-of = Гости собрания { $meeting }
admin-nothing-changes = Ничего не изменится.
admin-would-change = Это изменится
admin-has-changed = Это изменилось
admin-for = Для кого
admin-setting = Параметр
admin-value = Значение
admin-before = До
admin-after = После

## Действующие значения

admin-effective = Действующие значения
admin-effective-lead = Что действует для собраний одного пользователя и откуда берётся каждое значение.
admin-user = Пользователь
admin-for-meeting = Для собрания
admin-new-meeting = Новое собрание
admin-changed-only = Только значения, отличные от стандартных значений Microsoft
admin-effective-shown = Показаны действующие значения пользователя { $user }.
admin-policy = Политика
admin-policy-values = Значения политик
admin-meeting-values = Параметры собрания
admin-option = Параметр
admin-from = Источник
admin-own-value = Задано в собрании
admin-granted-user = { $policy }, назначена пользователю
admin-granted-group = { $policy }, назначена группе { $group }
admin-granted-global = { $policy }, так как другая не назначена
admin-source-policy = Политика { $name }
admin-source-label = Метка конфиденциальности { $name }
admin-source-template = Шаблон собрания { $name }
admin-source-start = Новые собрания по политике { $name }
admin-source-default = По умолчанию
admin-source-meeting = Собственные параметры собрания

## Идущие собрания

admin-meetings = Идущие собрания
admin-meetings-lead = Собрания, в которых кто-то участвует или ждёт в зале ожидания.
admin-meetings-summary = { $count ->
    [0] Собраний нет
    [one] Идёт { $count } собрание
    [few] Идут { $count } собрания
   *[other] Идут { $count } собраний
} · по состоянию на { $time }
admin-meetings-count = { $count ->
    [0] Собраний нет.
    [one] Идёт { $count } собрание.
    [few] Идут { $count } собрания.
   *[other] Идут { $count } собраний.
}
admin-participants = { $count ->
    [0] В звонке никого нет
    [one] { $count } участник
    [few] { $count } участника
   *[other] { $count } участников
}{ $waiting ->
    [0] {""}
   *[other] , ожидают: { $waiting }
}
admin-waiting = В зале ожидания
admin-organized-by = Организатор: { $name } ({ $upn })
admin-room = Комната { $id }
admin-since = с { $time }
admin-not-begun = пока никого нет
admin-locked = Заблокировано
admin-recording = Запись
admin-transcription = Расшифровка
admin-sharing = демонстрирует экран
admin-reconnecting = переподключается
admin-role-organizer = Организатор
admin-role-co-organizer = Соорганизатор
admin-role-presenter = Выступающий
admin-role-attendee = Участник
admin-role-consumer = Зритель
admin-role-collaborator = Соавтор
admin-label-external = Внешний
admin-label-unverified = Не проверен
admin-end = Завершить собрание
admin-end-question = Завершить { $subject }?
admin-end-consequence = { $count ->
    [one] Будет удалён { $count } человек.
    [few] Будут удалены { $count } человека.
   *[other] Будет удалено { $count } человек.
} После этого к собранию можно присоединиться снова.
admin-ended = Собрание { $subject } завершено.

## Объяснение входа

admin-explain = Объяснить вход
admin-explain-lead = Почему гость попадает в собрание, ждёт или остаётся снаружи.
admin-explain-do = Объяснить
admin-meeting-link = Ссылка на собрание
admin-guest = Гость
admin-guest-name = Имя, которое указывает гость
admin-guest-resource = Ресурс ACS, по имени или ИД
admin-first-resource = первый
admin-started = Собрание
admin-started-now = как сейчас
admin-started-yes = началось
admin-started-no = не началось
admin-guest-is-told = Гостю сообщается: { $sentence } ({ $code })
admin-of-meeting = { $subject }, организатор { $organizer }, политика { $policy }
admin-passes = пропускает
admin-stops = останавливает
admin-level = Уровень
admin-changed-by = Кто может изменить
admin-how = Как
admin-capabilities = Что может гость
admin-capability = Возможность
admin-why = Почему

## Защита

admin-audit = Проверка защиты
admin-audit-lead = Сравнивает параметры с уровнем защиты.
admin-tier = Уровень
admin-tier-met = Ничего не найдено: уровень { $tier } соблюдён.
admin-where = Где
admin-wanted = Требуется
admin-consequence = Кто что мог бы сделать
admin-fix = Что это устранит

## Клиенты

admin-tenants = Клиенты
admin-tenants-lead = Все клиенты этой службы. Их видят только операторы службы.
admin-this-tenant = Этот
admin-look-after = Администрировать
admin-look-after-name = Администрировать { $tenant }

## Ресурсы

admin-resources = Ресурсы и ключи
admin-resources-lead = Ресурсы ACS этой службы. Тот, у кого есть ключ доступа, может создавать гостей.
admin-new-resource = Имя нового ресурса
admin-resource-made = Ресурс { $name } создан.
admin-first = Первый ресурс
admin-created = создан { $date }
admin-rotations = ключи обновлялись: первичный { $primary }, вторичный { $secondary }
admin-reveal = Показать ключи
admin-hide = Скрыть ключи
admin-primary-key = Первичный ключ
admin-primary-connection-string = Первичная строка подключения
admin-secondary-key = Вторичный ключ
admin-secondary-connection-string = Вторичная строка подключения
admin-copy = Копировать: { $what }
admin-copied = Скопировано.
admin-regenerate = Создать заново
admin-regenerate-primary = Создать первичный ключ заново…
admin-regenerate-secondary = Создать вторичный ключ заново…
admin-regenerate-primary-question = Создать заново первичный ключ ресурса { $name }?
admin-regenerate-secondary-question = Создать заново вторичный ключ ресурса { $name }?
admin-regenerate-consequence = Старый ключ и выданные с ним токены сразу перестанут приниматься. Гости, которые участвуют в собраниях с таким токеном, будут удалены.
admin-regenerated = Ключ создан заново.

## Ошибки

admin-errors = Каталог ошибок
admin-errors-lead = Все ошибки, которыми отвечает эта служба: почему они возникают и что делать. Тексты на английском.
admin-search = Поиск по коду, имени или тексту
admin-errors-count = { $count ->
    [0] Ничего не найдено.
    [one] { $count } ошибка.
    [few] { $count } ошибки.
   *[other] { $count } ошибок.
}
