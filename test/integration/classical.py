# Part of edgecc, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Classical models of ai.onnx.ml, part of the suite operators."""
import numpy as np
from onnx import TensorProto, helper

from operator_tests import F, each, model, numbers, reference


def ml_node(op, operands, results, **attributes):
    return helper.make_node(op, operands, results, domain="ai.onnx.ml",
                            **attributes)


def forest(trees=3, features=4, depth=3, targets=2, seed=0):
    """The attributes of random complete trees: nodes, and (tree, node, target,
    weight) of the leaves."""
    rng = np.random.default_rng(seed)
    nodes, leaves = [], []
    for tree in range(trees):
        for node in range(2 ** (depth + 1) - 1):
            if node >= 2 ** depth - 1:
                nodes.append((tree, node, 0, 0.0, "LEAF", 0, 0))
                leaves += [(tree, node, t, float(rng.standard_normal()))
                           for t in range(targets)]
            else:
                nodes.append((tree, node, int(rng.integers(features)),
                              float(rng.standard_normal()), "BRANCH_LEQ",
                              2 * node + 1, 2 * node + 2))
    keys = ("treeids", "nodeids", "featureids", "values", "modes",
            "truenodeids", "falsenodeids")
    return {f"nodes_{k}": list(v) for k, v in zip(keys, zip(*nodes))}, leaves


@each(aggregate=["SUM", "AVERAGE", "MIN", "MAX"], targets=[1, 2])
def tree_regressor(aggregate, targets):
    nodes, leaves = forest(targets=targets)
    x = numbers(50, 4)
    node = ml_node(
        "TreeEnsembleRegressor", ["x"], ["y"], n_targets=targets,
        aggregate_function=aggregate, base_values=[0.5] * targets,
        **{f"target_{k}": list(v) for k, v in
           zip(("treeids", "nodeids", "ids", "weights"), zip(*leaves))},
        **nodes)
    return model([node], {"x": x}, [("y", F)]), {"x": x}


@each(classes=[3, 2], transform=["NONE", "SOFTMAX", "LOGISTIC"])
def tree_classifier(classes, transform):
    nodes, leaves = forest(targets=1 if classes == 2 else classes, seed=1)
    x = numbers(50, 4, seed=1)
    node = ml_node(
        "TreeEnsembleClassifier", ["x"], ["label", "scores"],
        classlabels_int64s=list(range(10, 10 + classes)),
        post_transform=transform,
        **{f"class_{k}": list(v) for k, v in
           zip(("treeids", "nodeids", "ids", "weights"), zip(*leaves))},
        **nodes)
    return model([node], {"x": x}, [("label", TensorProto.INT64),
                                    ("scores", F)]), {"x": x}


@each(transform=["NONE", "LOGISTIC"])
def linear_regressor(transform):
    x = numbers(7, 4)
    node = ml_node("LinearRegressor", ["x"], ["y"], targets=2,
                   coefficients=numbers(8).tolist(), intercepts=[0.5, -1.0],
                   post_transform=transform)
    return model([node], {"x": x}, [("y", F)]), {"x": x}


@each(classes=[3, 2], transform=["NONE", "SOFTMAX", "LOGISTIC"])
def linear_classifier(classes, transform):
    x = numbers(7, 4)
    node = ml_node("LinearClassifier", ["x"], ["label", "scores"],
                   coefficients=numbers(4 * classes).tolist(),
                   intercepts=numbers(classes).tolist(),
                   classlabels_ints=list(range(5, 5 + classes)),
                   post_transform=transform)
    return model([node], {"x": x}, [("label", TensorProto.INT64),
                                    ("scores", F)]), {"x": x}


@each(kernel=["LINEAR", "POLY", "RBF", "SIGMOID"])
def svm_regressor(kernel):
    x = numbers(7, 4)
    node = ml_node("SVMRegressor", ["x"], ["y"], kernel_type=kernel,
                   coefficients=numbers(5).tolist(), n_supports=5,
                   support_vectors=numbers(20).tolist(), rho=[0.3],
                   kernel_params=[0.4, 0.1, 3.0])
    return model([node], {"x": x}, [("y", F)]), {"x": x}


@each(classes=[2, 4], kernel=["LINEAR", "RBF"], probabilities=[0, 1],
      transform=["NONE", "SOFTMAX", "LOGISTIC"])
def svm_classifier(classes, kernel, probabilities, transform):
    x = numbers(7, 4)
    per_class, pairs = [2, 3, 1, 2][:classes], classes * (classes - 1) // 2
    count = sum(per_class)
    attributes = {name: numbers(pairs, seed=i).tolist() for i, name in (
        (1, "prob_a"), (2, "prob_b"))} if probabilities else {}
    node = ml_node("SVMClassifier", ["x"], ["label", "scores"],
                   kernel_type=kernel, kernel_params=[0.4, 0.1, 3.0],
                   vectors_per_class=per_class, rho=numbers(pairs).tolist(),
                   support_vectors=numbers(count * 4).tolist(),
                   coefficients=numbers((classes - 1) * count).tolist(),
                   classlabels_ints=[5, 3, 7, 1][:classes],
                   post_transform=transform, **attributes)
    return model([node], {"x": x}, [("label", TensorProto.INT64),
                                    ("scores", F)]), {"x": x}


@each(classes=[2, 3], positive=[0, 1])
def svm_classifier_without_vectors(classes, positive):
    x, coefficients = numbers(7, 4), numbers(classes * 4)
    node = ml_node("SVMClassifier", ["x"], ["label", "scores"], rho=[0.2],
                   coefficients=(abs(coefficients) if positive
                                 else coefficients).tolist(),
                   classlabels_ints=[5, 3, 7][:classes],
                   kernel_params=[0.4, 0.1, 3.0])
    return model([node], {"x": x}, [("label", TensorProto.INT64),
                                    ("scores", F)]), {"x": x}


@each(norm=["MAX", "L1", "L2"])
def normalizer(norm):
    x = numbers(7, 4)
    node = ml_node("Normalizer", ["x"], ["y"], norm=norm)
    return model([node], {"x": x}, [("y", F)]), {"x": x}


@reference
def scaler():
    x = numbers(7, 4)
    node = ml_node("Scaler", ["x"], ["y"], offset=[1.0, 2.0, 3.0, 4.0],
                   scale=[0.5, 1.0, 2.0, 4.0])
    return model([node], {"x": x}, [("y", F)]), {"x": x}


@reference
def imputer():
    x = numbers(7, 4)
    x[2, 1] = np.nan
    node = ml_node("Imputer", ["x"], ["y"], replaced_value_float=float("nan"),
                   imputed_value_floats=[1.0, 2.0, 3.0, 4.0])
    return model([node], {"x": x}, [("y", F)]), {"x": x}


@reference
def label_encoder():
    x = np.array([[3, 1, 7], [2, 3, 3]], np.int64)
    node = ml_node("LabelEncoder", ["x"], ["y"], keys_int64s=[1, 2, 3],
                   values_floats=[0.5, 1.5, 2.5], default_float=-1.0)
    return model([node], {"x": x}, [("y", F)]), {"x": x}


@reference
def one_hot_encoder():
    x = np.array([[3, 1, 7], [2, 3, 3]], np.int64)
    node = ml_node("OneHotEncoder", ["x"], ["y"], cats_int64s=[1, 2, 3])
    return model([node], {"x": x}, [("y", F)]), {"x": x}
