"""How fast a network learns at each step of a run."""


def pace(number: int, steps: int, warm_up: int, settle_share: float) -> float:
    """Share of the learning rate at step `number`: it rises over `warm_up` steps, stays, and falls to nothing over the last share."""
    return min(1.0, (number + 1) / warm_up, (steps - number) / (settle_share * steps))
