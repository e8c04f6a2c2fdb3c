"""Each stack sends by WHIP what all of them play by WHEP; each restarts and ends what it began.

A player has received something when it was decoded and is what this publisher sends: its pitch, its shade.
"""

PITCH = 25  # Hz that a measured pitch may be off
SHADE = 14  # steps of luma that a picture may be off
PICTURES, SOUNDS = 15, 50  # a second of each


def test_what_it_sends_all_play(audience, publisher):
    codec = publisher.codec
    publisher.begin()
    for player in reach(audience, publisher):
        if player.stack != publisher.stack:
            player.saw("media/opus/received")
            player.saw(f"media/{codec}/received")
            publisher.saw("media/opus/sent")
            publisher.saw(f"media/{codec}/sent")
    if publisher.stack.restarts:
        publisher.restart()
        what = "media/restart/sent"
    else:
        publisher.again()
        what = "media/again/sent"
    reach(audience, publisher)
    publisher.saw(what)
    publisher.end_session()


def test_a_player_goes_on_after_a_restart(audience, publisher):
    """The publisher is the player's own stack, whose encoder and decoder know each other."""
    player = next(player for player in audience if player.stack == publisher.stack)
    publisher.begin()
    reach([player], publisher)
    if player.stack.restarts:
        player.restart()
        what = "media/restart/received"
    else:
        player.again()
        what = "media/again/received"
    reach([player], publisher)
    player.saw(what)
    player.end_session()


def reach(players, publisher):
    """Waits until each of the players has decoded another second of what is sent now."""
    before = [player.counts() for player in players]
    for player, then in zip(players, before):
        player.wait(lambda: heard(player, publisher, then), f"hears {publisher}", publisher)
        player.wait(lambda: seen(player, publisher, then), f"sees {publisher}", publisher)
    return players


def heard(player, publisher, before):
    now = player.counts()["audio"]
    return (
        now["packets"] > before["audio"]["packets"]
        and now["decoded"] >= before["audio"]["decoded"] + SOUNDS
        and abs(now["hz"] - publisher.hz) <= PITCH
    )


def seen(player, publisher, before):
    now = player.counts()["video"]
    return (
        now["packets"] > before["video"]["packets"]
        and now["decoded"] >= before["video"]["decoded"] + PICTURES
        and abs(now["luma"] - publisher.luma) <= SHADE
    )
