"""Inputs that all models share: images, and covariates where a readout takes them."""

import keras

from v1keras.models.argument_checks import MAX_PIXELS, check_integers


def normalize_pixels(images, mean, std):
    """Subtract `mean` from images in pixel units and divide by `std`."""
    layer = keras.layers.Rescaling(1 / std, -mean / std, dtype="float32", name="pixels")
    return layer(images)


def model_inputs(image_size, covariates, sessions=()):
    """Return the inputs of a model: images, or a dict of images and covariates.

    Args:
        image_size: Tuple `(height, width)` in pixels.
        covariates: Dict, name of each covariate -> number of its values.
        sessions: Tuple `(count,)` where one image of each session comes together, each
            with its own covariates.
    """
    shape = (*sessions, *image_size, 1)
    images = keras.Input(shape, dtype="float32", name="images")
    if not covariates:
        return images
    inputs = {"images": images}
    for name, width in covariates.items():
        inputs[name] = keras.Input((*sessions, width), dtype="float32", name=name)
    return inputs


def split_inputs(inputs, covariates):
    """Return the images among a model's inputs, and a list of the covariates' dict.

    The list is empty where there are no covariates.
    """
    if not covariates:
        return inputs, []
    return inputs["images"], [{name: inputs[name] for name in covariates}]


def check_image_size(image_size):
    """Return an image size as a tuple of two integers, or raise a `ValueError`."""
    size = check_integers("image_size", image_size, 1, MAX_PIXELS)
    if len(size) != 2:
        raise ValueError(f"image_size: found {size}, expected (height, width)")
    return size


def check_inputs(inputs, image_size, covariates):
    """Raise a `ValueError` if the inputs of a model are not images of its size.

    Args:
        inputs: Images, or a dict of images and covariates.
        image_size: Tuple `(height, width)` in pixels.
        covariates: Dict, name of each covariate -> number of its values.
    """
    images = inputs
    if covariates:
        names = ["images", *covariates]
        missing = names
        if isinstance(inputs, dict):
            missing = [name for name in names if name not in inputs]
        if missing:
            raise ValueError(
                f"inputs: found no {', '.join(missing)}, expected a dict of"
                f" {', '.join(names)}; model.without_covariates() takes images alone"
            )
        images = inputs["images"]
    elif isinstance(inputs, dict):
        images = inputs.get("images")
    shape = getattr(images, "shape", None)
    if shape is None or getattr(shape, "rank", 0) is None:
        return
    height, width = image_size
    expected = (None, height, width, 1)
    if not _fits(shape, expected):
        raise ValueError(
            f"images: found shape {tuple(shape)}, expected (batch, height, width, 1)"
            f" with {height} x {width} pixels"
        )


def _fits(shape, expected):
    """Return whether a shape is as expected, None being any size."""
    if len(shape) != len(expected):
        return False
    for size, expected_size in zip(shape, expected, strict=True):
        if None not in (size, expected_size) and size != expected_size:
            return False
    return True
