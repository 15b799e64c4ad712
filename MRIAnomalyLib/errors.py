"""Everything a user can cause, each with one plain sentence: what is wrong and what to do."""


class MRIAnomalyError(Exception):
    """Base of all errors that a user can cause; `exit_code` is what the command line ends with."""

    exit_code = 4


class InputError(MRIAnomalyError):
    """The input cannot be read or is not a magnetic-resonance volume."""

    exit_code = 2


class UsageError(MRIAnomalyError):
    """An argument, a name or an output folder that cannot be used."""

    exit_code = 2


class ExistsError(UsageError):
    """What was to be written is there already, and was not to be replaced."""


class BundleError(MRIAnomalyError):
    """A bundle is missing, damaged, altered or not understood."""

    exit_code = 2


class CalibrationError(MRIAnomalyError):
    """Too few or unfit healthy cases to say how ordinary something is."""

    exit_code = 2


class NotComparableError(MRIAnomalyError):
    """The input is not what the model was trained on, so that nothing was scored."""

    exit_code = 3


class PartlyFailed(MRIAnomalyError):
    """Some of many cases failed; the rest are done and written."""

    exit_code = 5


class Cancelled(MRIAnomalyError):
    """The run was stopped on purpose; nothing half-written stays behind."""

    exit_code = 130
