"""Is the sender that the device writes the account that signed in?"""

from checks.reading import dialogue
from diag.evidence import Evidence
from diag.outcome import Check, Failed, Outcome, Passed, likely
from diag.sentence import say
from diag.stage import Stage

_OK = 250


def judge(evidence: Evidence) -> Outcome:
    """The rule in the service manuals of Ricoh and its brands: MAIL FROM, From and the sign-in are one address.

    A test message that was taken under the other address shows that the right to send as it was given.
    """
    subject, talk = evidence.subject, dialogue(evidence)
    shown = say("sends as {sender}, signs in as {mailbox}", sender=subject.sender, mailbox=subject.mailbox)
    if subject.sender.lower() == subject.mailbox.lower():
        return Passed(shown=shown, clears=("sender_mismatch",))
    sent = talk.reply(Stage.DATA) if talk else None
    if sent is not None and sent.code == _OK:
        return Passed(shown=shown, clears=("sender_mismatch",))
    because = say(
        "The device sends as {sender} but signs in as {mailbox}; that works only with the right Send As.",
        sender=subject.sender,
        mailbox=subject.mailbox,
    )
    return Failed(shown=shown, suspects=(likely("sender_mismatch", because),))


CHECK = Check("sender-matches-account", say("The sender is the account that signs in"), Stage.MAIL, judge)
