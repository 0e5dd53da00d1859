"""The modules and names under which our classes stand in files.

Files outlive both: a class that moves or is renamed keeps its registered name, and adds
its new module or name here.
"""

# Registered name -> modules in `v1keras.models`, and names, separated by spaces.
WRITTEN_AS = {
    "V1Model": ("encoder v1_model", "V1Model"),
    "V1Sessions": ("sessions multi_session", "V1Sessions MultiSessionModel"),
    "Ensemble": ("ensemble", "Ensemble"),
    "Concatenated": ("ensemble concatenated", "Concatenated"),
    "StackedCore": ("core cores.stacked", "StackedCore"),
    "RotationEquivariantCore": (
        "rotation cores.rotation_equivariant",
        "RotationEquivariantCore",
    ),
    "LogGaborCore": ("gabor cores.log_gabor", "LogGaborCore"),
    "KindelCore": ("baselines cores.kindel2019", "KindelCore"),
    "TransferCore": ("transfer cores.transfer", "TransferCore"),
    "FactorizedReadout": ("readouts readouts.factorized", "FactorizedReadout"),
    "GaussianReadout": ("gaussian_readout readouts.gaussian", "GaussianReadout"),
    "DenseReadout": ("readouts readouts.factorized readouts.dense", "DenseReadout"),
    "RidgeReadout": ("gabor ridge readouts.ridge", "RidgeReadout"),
    "BehavingReadout": (
        "behavior readouts.covariates readouts.covariate",
        "BehavingReadout CovariateReadout",
    ),
    "Shifter": ("behavior readouts.covariates layers.shifter", "Shifter"),
    "GainModulator": (
        "behavior readouts.covariates layers.gain_modulator",
        "GainModulator",
    ),
}

# The activations of Keras but those that change the shape or take arguments.
ACTIVATIONS = (
    *("celu", "elu", "exponential", "gelu", "hard_shrink", "hard_sigmoid"),
    *("hard_silu", "hard_swish", "hard_tanh", "leaky_relu", "linear", "log_sigmoid"),
    *("log_softmax", "mish", "relu", "relu6", "selu", "sigmoid", "silu", "softmax"),
    *("soft_shrink", "softplus", "softsign", "sparse_plus", "sparse_sigmoid"),
    *("sparsemax", "squareplus", "swish", "tanh", "tanh_shrink"),
)
