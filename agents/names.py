"""Names that people can tell apart and remember: an adjective and an animal."""

import secrets
from collections.abc import Callable

_ADJECTIVES = (
    "able agile amber ample aqua azure balmy bold brave breezy bright brisk calm candid chief civil clear clever cosy "
    "crisp daring deft eager early easy fair fancy fleet fond frank fresh gentle glad golden grand happy hardy hasty "
    "honest humble ideal jolly keen kind lively loyal lucid lucky mellow merry mild modest neat nimble noble patient "
    "plucky polite prime proud quick quiet rapid ready regal royal sharp shiny silent silver sleek smart snug solid "
    "spry stable steady still stout sturdy subtle sunny swift tidy tough upbeat vivid warm wise witty zesty"
)
_ANIMALS = (
    "adder alpaca badger beaver bison bittern bobcat buzzard camel caribou cheetah cicada cobra condor cougar coyote "
    "crane cricket curlew dingo dolphin donkey eagle egret eland falcon ferret finch fossa gannet gazelle gecko gibbon "
    "heron hornet husky hyena ibex ibis iguana impala jackal jaguar kestrel kite koala lemming lemur leopard linnet "
    "llama lobster lynx magpie marmot marten merlin mole moose narwhal newt ocelot orca osprey otter owl panda "
    "pelican penguin petrel pigeon plover puffin puma quail rabbit raccoon raven robin salmon seal shrew sparrow "
    "squid stoat stork swan tapir teal tern tiger toucan trout viper walrus weasel wombat wren zebra"
)
ADJECTIVES = _ADJECTIVES.split()
ANIMALS = _ANIMALS.split()
ATTEMPTS = 20


def new_name(is_taken: Callable[[str], bool]) -> str:
    """A name that nobody has: `brisk-otter`, or with a number where many are taken."""
    name = ""
    for _ in range(ATTEMPTS):
        name = f"{secrets.choice(ADJECTIVES)}-{secrets.choice(ANIMALS)}"
        if not is_taken(name):
            return name
    return f"{name}-{secrets.token_hex(3)}"
