"""Everything that routes need, put together once."""

from dataclasses import dataclass

from sandbox.smartpizza.clock import Clock
from sandbox.smartpizza.config import Config
from sandbox.smartpizza.faults import FaultBox, FaultPlan
from sandbox.smartpizza.hashing import Hash
from sandbox.smartpizza.moment import Moment
from sandbox.smartpizza.pizza_place import PizzaPlaceWorld
from sandbox.smartpizza.served import Served
from sandbox.smartpizza.tokens import Tokens
from sandbox.smartpizza.world import GeneratedWorld, World


@dataclass
class Services:
    """The parts of one running API."""

    config: Config
    world: World
    clock: Clock
    draws: Hash
    tokens: Tokens
    faults: FaultBox
    served: Served
    uneven_pages: bool
    late_commits: bool

    def moment(self) -> Moment:
        """What a request that arrives now is answered for."""
        return Moment(self.clock.now, self.late_commits)

    def put_faults(self, plan: FaultPlan) -> None:
        """Replace the plan of faults, and do at once what it asks to be done once."""
        self.faults.put(plan)
        self.late_commits = self.config.late_commits if plan.late_commits is None else plan.late_commits
        if plan.expire_page_tokens:
            self.tokens.expire_all()


def build(config: Config) -> Services:
    """The parts for a configuration. Raises ValueError or OSError when its files cannot be used."""
    world: World = (
        GeneratedWorld(config) if config.pizza_place is None else PizzaPlaceWorld(config.pizza_place)
    )
    draws = Hash(config.seed)
    return Services(
        config=config,
        world=world,
        clock=Clock(world.start, config.state),
        draws=draws,
        tokens=Tokens(config.seed, config.token_seconds),
        faults=FaultBox(draws),
        served=Served(),
        uneven_pages=config.uneven_pages,
        late_commits=config.late_commits,
    )
