"""The lesson that `sockmon lesson new` writes: small, whole, and it runs as it stands."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from engine.model.errors import BadInput

NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,59}", re.ASCII)

TEMPLATE: Final = """\
# A lesson of sockmon.   Try it: sockmon lesson check {name}.toml   sockmon lesson run {name}.toml
#
# do      start ACTOR KIND [to=ACTOR] [KNOB=VALUE]…   (kinds and knobs: sockmon lab list, sockmon lab KIND --help)
#         connect|accept ACTOR   send ACTOR "TEXT"   recv ACTOR [SIZE]   shutdown ACTOR RD|WR|RDWR   close ACTOR
#         drain ACTOR   slow-drain ACTOR BYTES_PER_S   stop|kill ACTOR   wait TIME
# expect  {facts}
#         packet [FLAGS] from ACTOR   packets [FLAGS] >= N   finding NAME   no packet … for TIME   passed ACTOR STATE …
#         each may end in `within TIME` (10s unless said) or `for TIME`
title = "{title}"
topics = ["tcp"]
text = '''
What the lesson is about, in a few sentences.'''

[[step]]
say = "A server listens."
look = "One row in state LISTEN."
do = ["start server server-by-hand"]
expect = ["state server == LISTEN"]

[[step]]
say = "A client connects and says hello."
look = "Three arrows, then one with data; the server's Recv-Q holds what nobody has read yet."
do = ["start client client-by-hand to=server", "accept server", 'send client "Hello"']
expect = [
    "packet [SYN] from client",
    "packet [PSH, ACK] from client len == 5",
    "state server == ESTABLISHED",
    "recvq server == 5",
]
predict = {{ question = "How many bytes wait in the server's Recv-Q?", answer = "5" }}

[[step]]
say = "The server reads."
do = ["recv server"]
expect = ["call server recv == \\"b'Hello'\\"", "recvq server == 0"]
"""

FACTS_A_LINE: Final = 100
"""Characters."""


def template(name: str, facts: tuple[str, ...]) -> str:
    """The text of a new lesson of this name."""
    lines = [""]
    for fact in facts:
        if len(lines[-1]) + len(fact) > FACTS_A_LINE:
            lines.append("")
        lines[-1] += f"{fact} "
    listed = "\n#         ".join(line.rstrip() for line in lines)
    return TEMPLATE.format(name=name, facts=listed, title=name.replace("-", " ").capitalize())


def write_template(folder: Path, name: str, facts: tuple[str, ...]) -> Path:
    """Write a new lesson to a folder. Raises BadInput for a bad name, a file that is there already, or no right."""
    if not NAME.fullmatch(name):
        raise BadInput(f"{name!r} is no name of a lesson", hint="a-z, 0-9 and -, such as my-first-lesson")
    path = folder / f"{name}.toml"
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(template(name, facts))
    except FileExistsError:
        raise BadInput(f"{path} is there already", hint="take another name") from None
    except OSError as error:
        raise BadInput(f"write {path}", error.errno) from None
    return path
