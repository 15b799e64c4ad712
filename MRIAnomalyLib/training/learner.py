"""How a network learns that shows its own mistakes: beside its average, at a pace, with a critic of what it makes where one is wanted."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ..nets.place import Place, learn_place
from ..records import SliceStack
from .adversarial import cast, follow
from .data import NormalSlices
from .loop import Course, Step
from .pace import pace
from .realism import Realism, RealismRules
from .settings import check_settings, check_share

_LONGEST = 1.0  # gradient of all weights together


@dataclass(frozen=True, kw_only=True)
class LearnerConfig:
    """Settings of a detector whose one network learns this way; what has no value here has one in each detector."""

    image_size: int = 64  # pixels per side of a square slice
    levels: int = 60  # slices of the model's grid
    width: int  # channels of the finest level
    intensity_top: float = 1.5  # standardised intensity that stands for white on the sample sheet
    mirror: bool = True  # left-right flips in training, and the mirrored side as context; off for one-sided anatomy such as a knee
    seed: int = 0

    steps: int
    batch_size: int
    learning_rate: float
    warm_up: int = 200  # steps in which the learning rate rises
    settle_share: float = 0.2  # of the steps, at the end, in which it falls to nothing
    weight_decay: float
    average_decay: float = 0.999  # of the averaged network, which is the one that is kept
    precision: str = "bfloat16"  # of the convolutions in training: twice as fast, the weights stay float32

    critic_weight: float = 0.0  # of the critic's verdict beside the network's own loss; 0: no critic
    critic_from: int = 5000  # step from which there is a critic: before, there is nothing that looks nearly real
    critic_width: int = 32
    feature_weight: float = 0.1  # of the difference of the critic's features
    r1_gamma: float = 1.0

    def __post_init__(self) -> None:
        """Refuse what no network can be built from.

        Raises:
            UsageError: with the setting and what it must be.
        """
        check_settings(self, ("levels", "width", "steps", "batch_size", "warm_up", "critic_width"))
        check_share(self, "settle_share")


class Learner:
    """A network in training, the average of it that is kept, its optimiser, its critic, and the slices it learns from."""

    def __init__(self, name: str, average: Place, normals: SliceStack, config: LearnerConfig, device: str) -> None:
        """What `average` holds is where learning starts, but for the looks of places; `name` is the network's in checkpoints."""
        self._name, self._config, self._device = name, config, torch.device(device)
        self.random = torch.Generator().manual_seed(config.seed)
        self.data = NormalSlices(normals, config.intensity_top, config.mirror, self.random)
        learn_place(average, torch.from_numpy(normals.pixels), torch.from_numpy(normals.level), config.mirror)
        self.average = average.to(device)
        self.net = copy.deepcopy(average).train().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._optimiser = torch.optim.AdamW(self.net.parameters(), config.learning_rate, weight_decay=config.weight_decay)
        rules = RealismRules(config.critic_weight, config.feature_weight, config.r1_gamma, config.critic_from)
        self._critic = Realism(config.critic_width, rules, config.seed, device) if config.critic_weight else None

    def course(self, step: Step) -> Course:
        """All steps of it; each draws from `data` and `random` only, and ends in `learn`."""
        modules: dict[str, nn.Module] = {self._name: self.net, "average": self.average}
        optimisers: dict[str, torch.optim.Optimizer] = {self._name: self._optimiser}
        if self._critic:
            modules["critic"], optimisers["critic"] = self._critic.net, self._critic.player.optimiser
        return Course(modules, optimisers, self.random, self._config.steps, step)

    def cast(self) -> torch.autocast:
        """The context in which the network is asked."""
        return cast(self._device, self._config.precision)

    def learn(self, number: int, losses: Mapping[str, Tensor], real: Tensor, made: Tensor) -> dict[str, float]:
        """Move the network down the sum of these losses, and the average after it.

        Args:
            number: of the step.
            losses: by the names under which they are logged.
            real: (B, 1, H, W) what a critic is to take for real.
            made: (B, 1, H, W) by the network, as a critic is to see it.

        Returns:
            all losses of this step, the critic's among them.
        """
        loss, told = sum(losses.values(), real.new_zeros(())), {name: value.item() for name, value in losses.items()}
        if self._critic:
            realism, words = self._critic.judge(real, made, number)
            loss, told = loss + realism, told | words
        config = self._config
        for group in self._optimiser.param_groups:
            group["lr"] = config.learning_rate * pace(number, config.steps, config.warm_up, config.settle_share)
        self._optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.net.parameters(), _LONGEST)
        self._optimiser.step()
        follow(self.average, self.net, config.average_decay, number)
        return told
