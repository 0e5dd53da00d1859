"""Changes of one value in a tree of dicts and lists."""


def at(config, path):
    for key in path:
        config = config[key]
    return config


def setting(path, value):
    """Return a change of one value in a config or in metadata."""

    def change(tree):
        at(tree, path[:-1])[path[-1]] = value

    return change


def removing(*path):
    return lambda tree: at(tree, path[:-1]).pop(path[-1])
