"""The table of rules. To add one: a row here, its function in the file of its subject, and a test.

See `rule.Rule` for the fields of a row. Subjects: `settings`; `columns` and `cells` (X), `rows` (X and T), `shifts`
(held-out rows), `targets` (T); `outputs` (output activation and loss); `activations`, `weights` and `signals` (the
initial network); `optimisation`, `internals` and `score` (the training).
"""

from __future__ import annotations

from deltaw.doctor.rules import (
    activations,
    cells,
    columns,
    internals,
    optimisation,
    outputs,
    rows,
    score,
    settings,
    shifts,
    signals,
    weights,
)
from deltaw.doctor.rules import targets as target
from deltaw.doctor.rules.rule import Rule

# Consequences of nearly every cause.
SYMPTOMS = ("no_better_than_baseline", "worse_than_simple_model", "network_too_small", "too_few_epochs")
# Consequences of too large steps.
OVERSHOOTING = ("learning_rate_too_high", "diverged", "noisy_gradient", "saturated_in_training", "dead_units",
                "exploding_gradient")  # fmt: skip

RULES: tuple[Rule, ...] = (
    # --- settings ---------------------------------------------------------------------------------------------------
    Rule("invalid_arguments", "fault", "given", settings.invalid_arguments, likelihood=1.0,
         reason="deltaw.train does not begin.",
         source="The checks of deltaw.train."),
    Rule("gradient_ascent", "fault", "given", settings.gradient_ascent, likelihood=0.99,
         explains=("invalid_arguments",),
         reason="Up the gradient, every step makes E larger.",
         source="ΔW = −α ∂E/∂W: the sign of α; an E without a minimum."),
    Rule("zero_learning_rate", "fault", "given", settings.zero_learning_rate, likelihood=0.99,
         explains=("learning_rate_too_low", *SYMPTOMS),
         reason="With α = 0 no weight changes.",
         source="ΔW = −α ∂E/∂W."),
    Rule("fading_learning_rate", "risk", "given", settings.fading_learning_rate, likelihood=0.65,
         explains=("learning_rate_too_low", *SYMPTOMS),
         reason="With α near 0 the last epochs change nothing, however many there are.",
         source="The sum of the schedule's factors: less than a tenth of the epochs, of ten or more."),
    Rule("no_bias", "note", "given", settings.no_bias, likelihood=0.4, explains=("dead_layer", *SYMPTOMS),
         reason="z = W x + b: without b every layer's answer is bound to the origin.",
         source="A trial with b decides."),
    Rule("summed_loss", "risk", "given", settings.summed_loss, likelihood=0.6, explains=(*OVERSHOOTING, *SYMPTOMS),
         reason="A sum over the batch multiplies the learning rate by the batch size.",
         source="∂(Σ Eᵢ)/∂W = n ∂(mean E)/∂W; Adam and other adaptive optimisers divide the factor out again."),
    Rule("inexact_gradient", "note", "before", settings.inexact_gradient, likelihood=0.3, explains=SYMPTOMS,
         reason="The notes' Wᵀe leaves f'(z) out: its ΔW is not −α ∂E/∂W.",
         source="cos ≤ 0: a step along it does not lower E to first order, however small."),
    Rule("excessive_dropout", "risk", "given", settings.excessive_dropout, likelihood=0.6,
         explains=("over_regularised", "noisy_gradient", *SYMPTOMS),
         reason="Rows for which a whole layer is dropped give no gradient, and the others see a different "
                "network each time.",
         source="p^units > 1%: one row in a hundred; p > 0.8: Srivastava et al. (2014), figure 9, where the error "
         "rises."),
    Rule("excessive_label_smoothing", "risk", "given", settings.excessive_label_smoothing, likelihood=0.4,
         explains=("over_regularised", *SYMPTOMS),
         reason="Most of the target then says nothing about the row.",
         source="Above ½ the smallest target of the true class comes from the smoothing, not from the label."),
    Rule("uneven_sample_weights", "risk", "before", settings.uneven_sample_weights, likelihood=0.4, explains=SYMPTOMS,
         reason="The mean of E depends on few rows: its gradient is noise. Rows of weight 0 do not enter E.",
         source="Kish (1965): (Σw)²/Σw² is the number of equally weighted rows with the same information; "
                "below a tenth of the rows. Or all rows of a class have weight 0: one class is enough."),
    # --- inputs and rows --------------------------------------------------------------------------------------------
    Rule("non_finite_values", "fault", "before", rows.non_finite_values, likelihood=0.99,
         explains=("invalid_arguments",),
         reason="NaN in x is NaN in z, in E, in ∂E/∂W and after one step in W.",
         source="One is enough."),
    Rule("unscaled_inputs", "risk", "before", columns.unscaled_inputs, likelihood=0.6,
         explains=("saturated_at_start", "exploding_signals_at_start", "learning_rate_too_low",
                   *OVERSHOOTING, *SYMPTOMS),
         reason="∂E/∂W = δ xᵀ: large x, or columns of different size, make E steep one way and flat another.",
         source="LeCun et al. (1998), section 4.3: the curvature of E grows with mean x². Above 10² times that of "
         "inputs around 1 the usual rates are 100 times too high; ranges 10³ apart, or means 10 ranges from 0, "
         "condition as badly."),
    Rule("input_outliers", "risk", "before", columns.input_outliers, likelihood=0.7,
         explains=("unscaled_inputs", "uninformative_inputs", "overfitting", "learning_rate_too_low",
                   *OVERSHOOTING, *SYMPTOMS),
         reason="Next to a value that is a thousand times as far out, all others are nearly the same input.",
         source="Values beyond a gap that is wider than the range of all others, at most 5% or all the same; "
                "reported where they make the column's standard deviation 10 times that of the others, as for "
                "unscaled_inputs."),
    Rule("placeholder_values", "risk", "before", cells.placeholder_values, likelihood=0.5,
         explains=("uninformative_inputs", "concept_shift", "overfitting", "learning_rate_too_low", *SYMPTOMS),
         reason="A code for missing cells is no amount: rows that have it are alike in nothing else.",
         source="The smallest or largest value, of 1 to 50% of the rows and three times as often as any other, beyond "
         "a gap of the others' interquartile range, or below 0 where no other is: 5 of 7,586 columns of 953 public "
         "tables, of which three are such codes."),
    Rule("mixed_units", "risk", "before", cells.mixed_units, likelihood=0.7,
         explains=("uninformative_inputs", "concept_shift", "overfitting", "learning_rate_too_low", "input_outliers",
                   *SYMPTOMS),
         reason="The same amount in two units is two different inputs.",
         source="Two groups beyond a gap of half their range, whose spreads (and medians, of positive values) differ "
         "by 10, 100 or 1000, and whose distributions are otherwise alike (Kolmogorov-Smirnov, 5%): none of 7,586 "
         "columns of 953 public tables."),
    Rule("double_scaling", "risk", "before", columns.double_scaling, likelihood=0.6,
         explains=("vanishing_gradient_at_start", "learning_rate_too_low", *SYMPTOMS),
         reason="∂E/∂W = δ xᵀ: tiny x, tiny steps of the first layer.",
         source="A root mean square below 0.05 slows the first layer 20 times, its curvature 400 times. Columns scaled "
         "to 0 … 1 or to deviation 1 lie above; pixels divided by 255 twice reach 0.004."),
    Rule("all_columns_constant", "fault", "before", columns.all_columns_constant, likelihood=0.98,
         explains=("constant_columns", *SYMPTOMS),
         reason="Rows that look the same get the same answer.",
         source="Ranges below 10⁻⁷ of the values: float32 cannot distinguish them."),
    Rule("constant_columns", "note", "before", columns.constant_columns, likelihood=0.1,
         reason="The weights of a column of zeros get no gradient (the notes: no zero signals); those of "
                "another constant act as a bias.",
         source="Ranges below 10⁻⁷ of the values."),
    Rule("duplicate_columns", "note", "before", columns.duplicate_columns, likelihood=0.1,
         reason="Identical columns add no information, and count more than once.",
         source="Equal in every sampled row."),
    Rule("conflicting_targets", "risk", "before", rows.conflicting_targets, likelihood=0.4,
         reason="Equal inputs with different targets bound what any network can reach.",
         source="The bound is counted: the most frequent class, or the mean, among equal inputs. Below 95% "
                "it is a risk."),
    Rule("train_test_overlap", "risk", "before", rows.train_test_overlap, likelihood=0.75, explains=("leak",),
         reason="A score on training rows says nothing about new rows.",
         source="By chance as many as have a duplicate within training, and none where one column "
                "distinguishes 95% of the distinct rows. Reported from 1% of the validation rows, 3 rows "
                "and 3 standard errors beyond that on."),
    Rule("distribution_shift", "risk", "before", shifts.distribution_shift, likelihood=0.8,
         explains=("concept_shift", "uninformative_inputs", "overfitting", *SYMPTOMS),
         reason="A network cannot be relied on outside the range of its training rows.",
         source="Means 3 standard deviations of the training rows apart, standard deviations 10 times as large or "
         "small, as for unscaled_inputs, or half of the rows beyond the range of the training rows; from 10 validation "
         "or test rows on. Days and times are left out."),
    Rule("leak", "risk", "before", columns.leak, likelihood=0.3,
         reason="A column that gives away the target makes a score that does not hold for new rows.",
         source="A skill of 0.99, by rank correlation, by one interval per class, or by the other rows with the same "
                "value. Of 8,779 columns of 940 public tables one in five is predicted so well by another, most "
                "often by itself in other units or by its group (benchmarks/doctor/column_skill.py); of the targets of "
                "30 everyday tables none is. Not reported where most columns do so."),
    Rule("identifier", "risk", "before", columns.identifier, likelihood=0.2,
         reason="A row number says nothing about other rows; where rows are sorted, it is the target.",
         source="Each of n following whole numbers once: by chance n!/nⁿ."),
    Rule("ordered_rows", "risk", "before", rows.ordered_rows, likelihood=0.7, explains=("noisy_gradient", *SYMPTOMS),
         reason="Batches of one kind pull the weights one way, then the other.",
         source="von Neumann's (1941) ratio of the differences from row to row to those in random order: 1 "
                "± 2/√n by chance; reported from 0.1 down."),
    Rule("overparameterised", "note", "before", rows.overparameterised, likelihood=0.1,
         reason="A network with more weights than target values can memorise instead of learn.",
         source="Zhang et al. (2017), theorem 1: 2n + d weights can memorise n rows; reported from 10 "
                "weights per target value on."),
    # --- targets ----------------------------------------------------------------------------------------------------
    Rule("target_shift", "risk", "before", shifts.target_shift, likelihood=0.7,
         explains=("concept_shift", "overfitting", *SYMPTOMS),
         reason="A network interpolates: answers beyond those that it has seen are bound to be wrong.",
         source="A fifth of ten or more held-out rows; by chance two of n."),
    Rule("one_class", "fault", "before", target.one_class, likelihood=0.98,
         reason="With one class there is nothing to distinguish.",
         source="Counted."),
    Rule("constant_target", "fault", "before", target.constant_target, likelihood=0.98,
         reason="A number that never changes is learnt by a bias.",
         source="Ranges below 10⁻⁷ of the values."),
    Rule("missing_classes", "note", "before", target.missing_classes, likelihood=0.9,
         explains=("invalid_arguments", "targets_outside_range", "squared_error_for_classes", *SYMPTOMS),
         reason="A class without an output cannot be predicted; an output without rows only learns to be low.",
         source="Counted."),
    Rule("labels_not_one_hot", "fault", "before", target.labels_not_one_hot, likelihood=0.97,
         explains=("invalid_arguments", "targets_outside_range", "unscaled_targets"),
         reason="Class numbers are names, not amounts: an error over several outputs needs a column for each.",
         source="Only cross entropy takes labels."),
    Rule("class_imbalance", "risk", "before", target.class_imbalance, likelihood=0.3,
         reason="Rare classes contribute little to E: a network that never predicts them is wrong in few rows.",
         source="20 to 1: of two classes the more frequent then has 95% of the rows."),
    Rule("unseen_classes", "risk", "before", target.unseen_classes, likelihood=0.5,
         reason="Classes that are absent from training cannot be learnt.",
         source="One class is enough."),
    Rule("target_outliers", "risk", "before", target.target_outliers, likelihood=0.7,
         explains=("unscaled_targets", "uninformative_inputs", "overfitting", "concept_shift", "learning_rate_too_low",
                   *OVERSHOOTING, *SYMPTOMS),
         reason="Next to the error of a target that is a thousand times as far out, all other errors are "
                "negligible.",
         source="As for input_outliers."),
    Rule("skewed_targets", "note", "before", target.skewed_targets, likelihood=0.4, explains=("overfitting",),
         reason="Squared errors of the largest targets outweigh those of all others.",
         source="Counted: the largest hundredth of the targets has more than half of their variance, seven times "
         "what it has in a normal distribution."),
    Rule("similar_classes", "risk", "before", target.similar_classes, likelihood=0.7,
         explains=("conflicting_targets", *SYMPTOMS),
         reason="One class under several names is several classes, which nothing tells apart.",
         source="Equal but for capitals, blanks and full stops."),
    Rule("numbers_as_classes", "risk", "before", target.numbers_as_classes, likelihood=0.7,
         explains=("class_imbalance", *SYMPTOMS),
         reason="To a classifier 20 is as far from 21 as from 90, and each number has few rows.",
         source="More than 20 classes, all of them numbers, with less than 50 rows each on average."),
    Rule("unscaled_targets", "risk", "before", target.unscaled_targets, likelihood=0.6,
         explains=("learning_rate_too_low", *OVERSHOOTING, *SYMPTOMS),
         reason="∂E/∂z = o − t is as large as the targets, and the weights must grow to them.",
         source="As for inputs: 10 times the size of 1, at which outputs start; below a hundredth E is within 10⁻⁴ of "
         "its least from the start."),
    Rule("targets_outside_range", "risk", "before", outputs.targets_outside_range, likelihood=0.95,
         explains=("invalid_arguments", "targets_at_asymptotes", "outputs_outside_loss_domain", "saturated_in_training",
                   *SYMPTOMS),
         reason="Targets outside the range of the output activation are never reached: z runs to where f "
                "is flat.",
         source="The bound on R² is computed with targets clipped to the range; below 0.9 more than a tenth of the "
                "variance is out of reach."),
    Rule("targets_at_asymptotes", "note", "before", outputs.targets_at_asymptotes, likelihood=0.1,
         reason="Targets that are only approached make weights grow without end (the notes: 0.01 to 0.99).",
         source="f'(z) = 0 where o = t."),
    # --- outputs and loss -------------------------------------------------------------------------------------------
    Rule("softmax_on_one_output", "fault", "before", outputs.softmax_on_one_output, likelihood=0.99,
         explains=("improper_loss", "targets_outside_range", "targets_at_asymptotes", "squared_error_for_classes",
                   "regression_loss_for_classes", *SYMPTOMS),
         reason="exp(z)/exp(z) is 1.",
         source="An identity."),
    Rule("softmax_for_multilabel", "fault", "before", outputs.softmax_for_multilabel, likelihood=0.95,
         explains=("squared_error_for_classes", "regression_loss_for_classes", *SYMPTOMS),
         reason="Outputs that sum to 1 cannot say yes twice, or not at all.",
         source="Σo = 1; reported where 5% of the rows have none or several labels."),
    Rule("improper_loss", "fault", "before", outputs.improper_loss, likelihood=0.9,
         explains=("outputs_outside_loss_domain", "invalid_arguments", "saturated_in_training", "diverged", *SYMPTOMS),
         reason="If one answer for all rows minimises E, the network learns that answer.",
         source="Computed: E of the ends of the output's range against E of outputs equal to the targets (a proper "
         "score is least at the truth: Gneiting & Raftery 2007)."),
    Rule("outputs_outside_loss_domain", "fault", "before", outputs.outputs_outside_loss_domain, likelihood=0.85,
         explains=("invalid_arguments", "diverged", *SYMPTOMS),
         reason="The logarithm of 0 or less does not exist; there E continues as a straight line, 2²³ steep or flat.",
         source="The range of the activation against the domain of the loss."),
    Rule("unreachable_hinge_margin", "fault", "before", outputs.unreachable_hinge_margin, likelihood=0.9,
         explains=("targets_outside_range", "improper_loss", "invalid_arguments", *SYMPTOMS),
         reason="A margin of 1 on both sides needs outputs from −1 to 1 at least.",
         source="The range of the activation; for t = 0, max(0, 1 − t·o) = 1."),
    Rule("regression_loss_for_classes", "risk", "before", outputs.regression_loss_for_classes, likelihood=0.6,
         explains=SYMPTOMS,
         reason="The best answer under absolute error is the median: for classes the most frequent one, "
                "whatever its probability.",
         source="Gneiting (2011), section 2: which error is minimised by which answer."),
    Rule("squared_error_for_classes", "note", "before", outputs.squared_error_for_classes, likelihood=0.3,
         explains=SYMPTOMS,
         reason="The slope vanishes where the answer is most wrong, or penalises right answers beyond "
                "their target.",
         source="∂E/∂z = (o − t) f'(z); Golik, Doetsch & Ney (2013) measure what it costs."),
    # --- the network as it starts -----------------------------------------------------------------------------------
    Rule("no_hidden_activation", "risk", "before", activations.no_hidden_activation, likelihood=0.6, explains=SYMPTOMS,
         reason="Without activations all layers together are one.",
         source="W₂W₁ is a matrix. A risk only where a linear model leaves 1% of the variance or more."),
    Rule("step_activation", "fault", "before", activations.step_activation, likelihood=0.95,
         explains=("dead_layer", "saturated_at_start", "saturated_in_training", "dead_units", *SYMPTOMS),
         reason="A slope of 0 ends the gradient.",
         source="f' = 0."),
    Rule("equal_weights", "fault", "before", weights.equal_weights, likelihood=0.95,
         explains=("dead_layer", "weights_too_small", "vanishing_gradient_at_start", "dead_units", *SYMPTOMS),
         reason="Equal units get equal gradients and stay equal (the notes: weights random, and not zero).",
         source="Symmetry; reported where more than half of a layer's units are copies. Copies by the "
                "incoming weights alone are a risk: in the first step their gradients differ by a factor "
                "only."),
    Rule("weights_too_large", "risk", "before", weights.weights_too_large, likelihood=0.5,
         explains=("saturated_at_start", "exploding_signals_at_start", *OVERSHOOTING, *SYMPTOMS),
         reason="Large weights make large z, where the activation is flat (the notes: saturation).",
         source="Glorot & Bengio (2010), He et al. (2015): deviation gain/√n_in keeps z's size. The rules in use "
         "differ from it by up to √2; four times makes tanh's z 4, where its slope is 0.001."),
    Rule("weights_too_small", "risk", "before", weights.weights_too_small, likelihood=0.5,
         explains=("vanishing_gradient_at_start", "dead_layer", "vanishing_gradient", *SYMPTOMS),
         reason="Signals and errors shrink in every layer.",
         source="The same rule from below, or Glorot's where that is smaller: a quarter. A risk where all layers "
         "together leave 3% of a difference."),
    Rule("vanishing_gradient_at_start", "risk", "before", signals.vanishing_gradient_at_start, likelihood=0.6,
         explains=("vanishing_gradient", *SYMPTOMS),
         reason="Each layer of sigmoids or the like passes on a fraction of the gradient; the first layers "
                "get the product.",
         source="Hochreiter (1991), Bengio et al. (1994): the product of slopes. 10⁻³ left: the first layer learns in "
         "a thousand steps what the last learns in one."),
    Rule("exploding_signals_at_start", "risk", "before", signals.exploding_signals_at_start, likelihood=0.8,
         explains=(*OVERSHOOTING, *SYMPTOMS),
         reason="Signals that grow layer by layer overflow, or make every step too long.",
         source="float32 ends at 3.4 × 10³⁸; growth of 10³ over the layers, or exponentials on top of each other."),
    Rule("dead_layer", "fault", "before", signals.dead_layer, likelihood=0.9,
         explains=("dead_units", "saturated_in_training", "vanishing_gradient", *SYMPTOMS),
         reason="If every unit of a layer gives 0 for every row, no earlier layer gets a gradient.",
         source="Lu et al. (2019): narrow, deep ReLU networks are born dead with a probability that goes to 1 with "
         "depth. A risk where this draw of the weights lives and two of twenty others do not."),
    Rule("saturated_at_start", "risk", "before", signals.saturated_at_start, likelihood=0.4,
         explains=("saturated_in_training", "vanishing_gradient", *SYMPTOMS),
         reason="δ = ∂E/∂o · f'(z): where f is flat nothing is learnt (the notes: saturation).",
         source="More than half of the signals where |f'| is below a twentieth of its steepest: engines/look.py."),
    # --- while training ---------------------------------------------------------------------------------------------
    Rule("diverged", "fault", "during", optimisation.diverged, likelihood=0.4, explains=SYMPTOMS,
         reason="A weight that is NaN stays NaN, and spreads with every signal.",
         source="IEEE 754: float32 ends at 3.4 × 10³⁸."),
    Rule("learning_rate_too_high", "fault", "during", optimisation.learning_rate_too_high, likelihood=0.6,
         explains=("diverged", "noisy_gradient", "saturated_in_training", "dead_units", *SYMPTOMS),
         reason="Where the curvature is λ, with a learning rate above 2/λ each step overshoots to a higher "
                "point on the other side.",
         source="LeCun et al. (1998), section 5; a sweep over nine decades: another rate must bring 5% of skill."),
    Rule("learning_rate_too_low", "risk", "during", optimisation.learning_rate_too_low, likelihood=0.5,
         explains=("too_few_epochs", *SYMPTOMS),
         reason="The steps are too short to reach the minimum in their number.",
         source="The same sweep."),
    Rule("excessive_gradient_clipping", "fault", "during", optimisation.excessive_gradient_clipping, likelihood=0.7,
         explains=("learning_rate_too_low", *SYMPTOMS),
         reason="A gradient that is always clipped makes all steps equally long, whatever its size.",
         source="Pascanu, Mikolov & Bengio (2013), section 3.2, take half to ten times the average length; a "
                "hundredth is far below."),
    Rule("noisy_gradient", "fault", "during", optimisation.noisy_gradient, likelihood=0.65, explains=SYMPTOMS,
         reason="The gradient of few rows differs from that of all rows, and with long steps training does "
                "not converge.",
         source="McCandlish et al. (2018), section 2. E goes up as often as down, by 2% of itself."),
    Rule("too_few_epochs", "risk", "during", optimisation.too_few_epochs, likelihood=0.4,
         explains=("no_better_than_baseline", "worse_than_simple_model"),
         reason="Training ends while E is still falling.",
         source="E fell by 1% from one tenth of the epochs to the next, or there were fewer than 200 steps."),
    Rule("stopped_too_early", "risk", "during", optimisation.stopped_too_early, likelihood=0.5,
         explains=("too_few_epochs", *SYMPTOMS),
         reason="Early in training E on the validation rows may rise for a few epochs before it falls.",
         source="Early stopping ended it in the first half of the epochs; a trial with more patience decides."),
    Rule("saturated_in_training", "risk", "during", internals.saturated_in_training, likelihood=0.4,
         explains=("vanishing_gradient", *SYMPTOMS),
         reason="δ = ∂E/∂o · f'(z): where f is flat nothing is learnt (the notes: saturation).",
         source="Four fifths of a layer's signals flat (engines/look.py); healthy tanh layers have up to three "
         "fifths."),
    Rule("dead_units", "fault", "during", internals.dead_units, likelihood=0.5, explains=SYMPTOMS,
         reason="A unit that gives 0 for every row gets no gradient, and does not recover.",
         source="Maas et al. (2013). More than half of a layer, from any of three seeds: a few dead units are common "
                "in healthy networks."),
    Rule("vanishing_gradient", "fault", "during", internals.vanishing_gradient, likelihood=0.5, explains=SYMPTOMS,
         reason="A layer learns from the error that reaches it.",
         source="Glorot & Bengio (2010), section 4.2. 10⁻³, as for vanishing_gradient_at_start."),
    Rule("exploding_gradient", "risk", "during", internals.exploding_gradient, likelihood=0.4, explains=SYMPTOMS,
         reason="A layer that gets a thousand times the error would need a thousandth of the rate.",
         source="Pascanu, Mikolov & Bengio (2013), section 2."),
    Rule("over_regularised", "fault", "during", score.over_regularised, likelihood=0.6,
         explains=("noisy_gradient", *SYMPTOMS),
         reason="If the penalty outweighs E, weights shrink until they carry no information; dropout does "
                "the same to signals.",
         source="A trial without it decides; it is made where weights shrank to half, or dropout is 30% or more."),
    Rule("network_too_small", "risk", "during", score.network_too_small, likelihood=0.3,
         explains=("no_better_than_baseline", "worse_than_simple_model"),
         reason="Too few units cannot represent the relation.",
         source="A plain network of 32 units fits the training rows better by a fifth of the skill."),
    Rule("codes_as_numbers", "risk", "during", score.codes_as_numbers, likelihood=0.7,
         explains=("uninformative_inputs", "overfitting", "learning_rate_too_low", *SYMPTOMS),
         reason="A network draws smooth curves: it expects code 7 to be between 6 and 8.",
         source="The means of equal values explain 5% more of the targets' variance than a curve of degree 4, and a "
         "linear model with an input for each value is the best of the baselines."),
    Rule("quick_changes", "risk", "during", score.quick_changes, likelihood=0.7,
         explains=("uninformative_inputs", "learning_rate_too_low", *SYMPTOMS),
         reason="A network learns slow changes long before quick ones (Rahaman et al. 2019).",
         source="The mean of the five most similar rows scores 0.1 more than a plain network and a linear model do "
         "even on their training rows, and a plain network with an input for each interval (Gorishniy et al. 2022, "
         "section 3.1) is the best baseline."),
    Rule("shifted_targets", "fault", "during", score.shifted_targets, likelihood=0.95,
         explains=("uninformative_inputs", "overfitting", *SYMPTOMS),
         reason="Inputs and targets of different rows have nothing to do with each other.",
         source="Predictions from the most similar rows and from a line, with targets moved by up to 3 rows: "
         "significant for one of the six (Bonferroni), and not for the rows' own targets."),
    Rule("overfitting", "risk", "during", score.overfitting, likelihood=0.4,
         explains=("no_better_than_baseline", "worse_than_simple_model"),
         reason="Memorised rows say nothing about others.",
         source="A fifth of the skill between training rows and held-out rows, beyond two standard errors."),
    Rule("uninformative_inputs", "fault", "during", score.uninformative_inputs, likelihood=0.9,
         explains=("overfitting", *SYMPTOMS),
         reason="Information that is not in the inputs cannot be learnt from them.",
         source="A permutation test (Good 2005) of the best of three networks, by Bonferroni: p > 0.05, on 30 rows "
         "held out or more. A fault where these are enough to say that less than a medium effect (Cohen 1988: AUC "
         "0.64, R² 0.13) is learnt."),
    Rule("concept_shift", "fault", "during", shifts.concept_shift, likelihood=0.9, explains=("overfitting", *SYMPTOMS),
         reason="What is learnt from training rows does not hold for rows with another relation between "
                "inputs and target.",
         source="No model beats the baseline on the validation or test rows; on held-out training rows a "
                "plain network does, beyond chance (doctor/judge.py)."),
    Rule("damaged_weights", "fault", "during", internals.damaged_weights, likelihood=0.95,
         explains=("dead_units", "saturated_in_training", "vanishing_gradient", "exploding_gradient", "too_few_epochs",
                   "noisy_gradient", "overfitting", *SYMPTOMS),
         reason="The weights were changed after training, or trained for other rows.",
         source="A training by the same settings reaches 90% of what can be learnt, as for worse_than_simple_model."),
    Rule("no_better_than_baseline", "fault", "during", score.no_better_than_baseline, likelihood=0.1,
         explains=("worse_than_simple_model",),
         reason="A network that is no better than one answer for all rows has learnt nothing.",
         source="The score of always answering the most frequent class, or the mean; a risk where the rows "
                "show that something was learnt nevertheless (doctor/judge.py)."),
    Rule("worse_than_simple_model", "risk", "during", score.worse_than_simple_model, likelihood=0.05,
         reason="A plain network or a linear model learns more from the same rows.",
         source="1.2 times its errors, beyond two standard errors of the difference, row by row. A fault below 75% "
                "of its skill; no healthy random set-up lies there (benchmarks/doctor/random_setups.py)."),
)  # fmt: skip
"""Every rule, in the order of what they look at; docs/doctor-rules.md says each."""

BY_NAME: dict[str, Rule] = {rule.name: rule for rule in RULES}
