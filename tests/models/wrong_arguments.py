"""Wrong arguments of each class of `v1keras.models`, and the error they get."""

import numpy as np

from v1keras import models

ONES, SIZE = [1.0], (20, 20)
WRONG = {
    "FactorizedReadout": [
        (
            lambda: models.FactorizedReadout(-3),
            "neurons: found -3, expected an integer",
        ),
        (lambda: models.FactorizedReadout(2.5), "neurons: found 2.5, expected an int"),
        (
            lambda: models.FactorizedReadout(True),
            "neurons: found True, expected an int",
        ),
        (lambda: models.FactorizedReadout(10**12), "from 1 to 10000000"),
        (lambda: models.FactorizedReadout(3, l1=-1.0), "l1: found -1.0, expected a"),
        (lambda: models.FactorizedReadout(3, l1=np.nan), "l1: found nan, expected a"),
        (lambda: models.FactorizedReadout(3, l3=1.0), "l3"),
    ],
    "GaussianReadout": [
        (lambda: models.GaussianReadout(0), "neurons: found 0, expected an integer"),
        (
            lambda: models.GaussianReadout(3, covariance="diagonal"),
            "covariance: found 'diagonal', expected one of isotropic, full",
        ),
        (
            lambda: models.GaussianReadout(3, width=-1),
            "width: found -1, expected .* >= 0",
        ),
        (lambda: models.GaussianReadout(3, l1=-1), "l1: found -1, expected .* >= 0"),
        (
            lambda: models.GaussianReadout(3, coordinates=[[0.0, 1.0]]),
            r"coordinates: found \(1, 2\), expected \(3, d\): a row per neuron",
        ),
        (lambda: models.GaussianReadout(3, sigma=1.0), "sigma"),
    ],
    "DenseReadout": [
        (lambda: models.DenseReadout("three"), "neurons: found 'three', expected"),
        (
            lambda: models.DenseReadout(3, activation="rellu"),
            "activation: found 'rellu', expected the name of an activation of Keras",
        ),
        (lambda: models.DenseReadout(3, l1=-0.1), "l1: found -0.1, expected"),
        (lambda: models.DenseReadout(3, l2=np.inf), "l2: found inf, expected a finite"),
    ],
    "RidgeReadout": [(lambda: models.RidgeReadout(0), "neurons: found 0, expected")],
    "StackedCore": [
        (
            lambda: models.StackedCore((8, 8), (5,)),
            r"filters, kernel_sizes: found \(8, 8\) and \(5,\), expected one entry per",
        ),
        (lambda: models.StackedCore((), ()), "expected one entry per layer"),
        (lambda: models.StackedCore(8, 5), "filters: found 8, expected a sequence"),
        (lambda: models.StackedCore((0,), (5,)), r"filters\[0\]: found 0, expected"),
        (lambda: models.StackedCore((8, -1), (5, 3)), r"filters\[1\]: found -1, expe"),
        (lambda: models.StackedCore((10**7,), (5,)), r"filters\[0\]: .* to 1000000"),
        (lambda: models.StackedCore((8,), (0,)), r"kernel_sizes\[0\]: found 0, expect"),
        (
            lambda: models.StackedCore((10**6, 10**6), (1, 9)),
            "1000000 to 1000000 channels with kernels of 9 x 9 pixels in layer 1",
        ),
        (
            lambda: models.StackedCore((8,), (5,), pool_size=0),
            "pool_size: found 0, expected an integer from 1",
        ),
        (
            lambda: models.StackedCore((8,), (5,), dilation=0),
            "dilation: found 0, expected an integer from 1",
        ),
        (
            lambda: models.StackedCore((8,), (5,), activation="eluu"),
            "activation: found 'eluu', expected the name of an activation of Keras",
        ),
        (
            lambda: models.StackedCore((8,), (5,), first_activation="on-off"),
            "first_activation: found 'on-off', expected .* on_off, divisive, elu",
        ),
        (
            lambda: models.StackedCore((8,), (5,), laplacian=-1.0),
            "laplacian: found -1.0, expected a finite number >= 0",
        ),
        (
            lambda: models.StackedCore((8,), (5,), group_sparsity=-1.0),
            "group_sparsity: found -1.0, expected a finite number >= 0",
        ),
        (lambda: models.StackedCore((8,), (5,), filter=3), "filter"),
    ],
    "RotationEquivariantCore": [
        (
            lambda: models.RotationEquivariantCore((8,), (5,), orientations=6),
            "orientations: found 6, expected a multiple of 4",
        ),
        (
            lambda: models.RotationEquivariantCore((8,), (5,), orientations=0),
            "orientations: found 0, expected an integer from 4",
        ),
        (
            lambda: models.RotationEquivariantCore((8,), (-5,)),
            r"kernel_sizes\[0\]: found -5, expected",
        ),
        (
            lambda: models.RotationEquivariantCore((8,), (5,), activation="no"),
            "activation: found 'no', expected",
        ),
        (
            lambda: models.RotationEquivariantCore((8,), (5,), pool_size=0),
            "pool_size: found 0, expected",
        ),
    ],
    "KindelCore": [
        (lambda: models.KindelCore(0), "kernel_size: found 0, expected an integer"),
        (lambda: models.KindelCore(3, -0.1), "dropout: found -0.1, expected"),
        (lambda: models.KindelCore(3, 1.0), "dropout: found 1.0, expected .* below 1"),
    ],
    "LogGaborCore": [
        (lambda: models.LogGaborCore(0.0), "floor: found 0.0, expected .* > 0"),
    ],
    "TransferCore": [
        (
            lambda: models.TransferCore("AlexNet"),
            "network: found 'AlexNet', expected one of VGG16, VGG19, ResNet50",
        ),
        (
            lambda: models.TransferCore(scale=0, weights=None),
            "scale: found 0, expected an integer from 1",
        ),
    ],
    "DivisiveNormalization": [
        (
            lambda: models.DivisiveNormalization(0),
            "pool_size: found 0, expected an integer from 1",
        ),
    ],
    "Shifter": [
        (lambda: models.Shifter("eye", ONES, [0.0]), "std above 0"),
        (
            lambda: models.Shifter("eye", ONES, ONES, hidden=(0,)),
            r"hidden\[0\]: found 0, expected an integer from 1",
        ),
    ],
    "GainModulator": [
        (
            lambda: models.GainModulator(0, "running", ONES, ONES),
            "neurons: found 0, expected an integer from 1",
        ),
    ],
    "CovariateReadout": [
        (
            lambda: models.CovariateReadout(models.GaussianReadout(3)),
            "shifter, modulator: found neither, expected at least one",
        ),
        (
            lambda: models.CovariateReadout(
                models.DenseReadout(3), models.Shifter("eye", ONES, ONES)
            ),
            "readout: found a DenseReadout with a shifter, expected a GaussianReadout",
        ),
        (
            lambda: models.CovariateReadout(
                models.DenseReadout(3),
                modulator=models.GainModulator(2, "running", ONES, ONES),
            ),
            "modulator: found gains of 2 neurons with a readout of 3, expected as many",
        ),
    ],
    "Laplacian": [
        (lambda: models.Laplacian(-1.0), "strength: found -1.0, expected"),
    ],
    "GroupSparsity": [
        (lambda: models.GroupSparsity(-1.0), "strength: found -1.0, expected"),
    ],
    "V1Model": [
        (lambda: network(size=(20,)), r"image_size: found \(20,\), expected \(height,"),
        (lambda: network(size=(20, 0)), r"image_size\[1\]: found 0, expected"),
        (lambda: network(size=(4, 20)), "images of 4 x 20 pixels; .* at least 6"),
        (lambda: network(pixel_std=0.0), "pixel_std: found 0.0, expected .* > 0"),
        (lambda: network(pixel_sd=1.0), "pixel_sd"),
    ],
    "Ensemble": [
        (lambda: models.Ensemble([network()]), "members: found 1 .*, expected two or"),
        (
            lambda: models.Ensemble([network(name="a"), network(name="b")], [1.0]),
            "weights: found 1 weights for 2 members, expected one each",
        ),
        (
            lambda: models.Ensemble([network(name="a"), network(name="b")], [2.0, -1]),
            r"weights\[1\]: found -1.0, expected a finite number >= 0",
        ),
        (
            lambda: models.Ensemble([network(name="a"), network(name="b")], weight=[1]),
            "weight",
        ),
    ],
    "MultiSessionModel": [
        (lambda: sessions("a"), r"readouts of a \(a_readout\): expected two or more"),
        (lambda: sessions("ab", size=(20, 20, 1)), r"image_size: found \(20, 20, 1\)"),
        (lambda: sessions("ab", pixel_std=-1), "pixel_std: found -1.0, expected"),
    ],
    "Concatenated": [
        (
            lambda: models.Concatenated([network()]),
            "members: found 1 .*, expected two or more, all alike",
        ),
    ],
}


def network(size=SIZE, name="network", **options):
    core, readout = models.StackedCore((4,), (5,)), models.FactorizedReadout(3)
    return models.V1Model(core, readout, size, name=name, **options)


def sessions(names, size=SIZE, **options):
    readouts = {}
    for count, name in enumerate(names, start=3):
        readouts[name] = models.FactorizedReadout(count, name=f"{name}_readout")
    return models.MultiSessionModel(
        models.StackedCore((4,), (5,)), readouts, size, **options
    )
