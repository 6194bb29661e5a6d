"""``grumpy.config``: the settings of ``docs/environment.md``, for a process or for a block."""
from grumpy import _core


def _text(value):
    if value is True or value is False:
        return str(int(value))
    return str(value)


class config:
    """Set one or more settings.

    Parameters
    ----------
    **settings
        Names and values of ``docs/environment.md``, such as ``num_threads=2`` or
        ``fp_warnings="call"``.

    Notes
    -----
    The settings hold from the call on. Used in a ``with`` statement they hold for the block, and
    the earlier values come back after it. They belong to the process, not to a thread.

    Examples
    --------
    >>> import grumpy
    >>> with grumpy.config(forward="error"):
    ...     x = grumpy.asarray([1.0, 2.0]) + 1
    """

    def __init__(self, **settings):
        self._before = {name: _core.get_setting(name) for name in settings}
        done = []
        try:
            for name, value in settings.items():
                _core.set_setting(name, _text(value))
                done.append(name)
        except Exception:
            for name in done:
                _core.set_setting(name, self._before[name])
            raise

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        for name, value in self._before.items():
            _core.set_setting(name, value)

    @staticmethod
    def get(name):
        """The text of one setting."""
        return _core.get_setting(name)

    @staticmethod
    def names():
        """All settings: name to (variable, type, default, choices, what it does)."""
        return _core.config_facts()
