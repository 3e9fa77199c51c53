"""Choose what a report is delivered through."""

from collections.abc import Callable, Mapping
from pathlib import Path

from diag.adapters.delivery import Deliveries
from diag.adapters.delivery_graph import GraphMail
from diag.adapters.delivery_sign_in import SignIn
from diag.adapters.delivery_smtp import SmtpMail
from diag.adapters.delivery_web import Web
from diag.adapters.graph_wire import GRAPH_URLS
from diag.adapters.references import reveal
from diag.subject import HOSTS
from diag.wiring.fleet import Fleet


def deliveries(
    ground: Fleet, environment: Mapping[str, str], folder: Path | None, translate: Callable[[str], str]
) -> Deliveries:
    """Return the `Post` port, in the world of a run; files with secrets are looked for in `folder`."""
    options, world = ground.options, ground.world
    at = options.authority
    sign_in = SignIn(
        trust=ground.roots,
        redactor=ground.redactor,
        person=ground.person,
        service=at.rstrip("/").rpartition("/")[0] if at else f"https://{HOSTS[options.cloud].sign_in}",
        timeout_s=min(20, options.timeout_s),
    )

    return Deliveries(
        fetch=lambda reference: reveal(reference, relative_to=folder, environment=environment),
        web=Web(trust=ground.roots, redactor=ground.redactor, route=world.route),
        graph=GraphMail(
            sign_in=sign_in,
            base=options.graph_url or GRAPH_URLS[options.cloud],
            route=world.route,
            translate=translate,
        ),
        smtp=SmtpMail(
            sign_in=sign_in,
            network=ground.network,
            route=world.route,
            resources=HOSTS[options.cloud].resources,
            translate=translate,
        ),
    )
