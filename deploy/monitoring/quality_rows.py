"""The board's upper rows: at a glance, and is it learning?"""

from __future__ import annotations

from deploy.monitoring.expressions import RATE, WINDOW, S, T, rate, share, skills
from deploy.monitoring.panel import GREEN, RED, YELLOW, Panel, Query, Row


def glance() -> Row:
    """What is seen first."""
    def stats(
        title: str, text: str, unit: str, queries: tuple[Query, ...], *steps: tuple[float | None, str]
    ) -> Panel:
        return Panel(title, text, unit, queries, "stat", 3, 5, steps=steps or ((None, GREEN),))

    def stat(title: str, text: str, unit: str, expression: str, legend: str, *steps: tuple[float | None, str]) -> Panel:
        return stats(title, text, unit, (Query(expression, legend),), *steps)

    dead = f"{rate('dead_letters_total')} / ({rate('dead_letters_total')} + {rate('events_consumed_total')})"
    return Row("At a glance", [
        stat("Instances", "Instances that answer Prometheus.", "none", f"count(streamrnn_build_info{{{S}}})",
             "instances", (None, RED), (1, GREEN)),
        stat("Running", "Instances that have restored and answer events; the others start, restore, drain or ended.",
             "none", f'sum(streamrnn_state{{{S}, state="running"}})', "running", (None, RED), (1, GREEN)),
        stat("Events", "Events taken in a second, by all instances; a silent replay does not count.", "cps",
             rate("events_consumed_total"), "events"),
        stats("Skill", "1 - error / error of the naive answer, over the window: the last value by target, the last "
              "label, the usual share of a token. Above 0 is better than that, 1 is perfect.", "percentunit", skills(),
              (None, RED), (-0.02, YELLOW), (0, GREEN)),
        stat("Lag", "Seconds of work that wait: records behind the log's end / records answered a second.", "s",
             f"sum(streamrnn_consumer_lag_records{{{S}}} >= 0) / {rate('events_consumed_total')}", "to catch up",
             (None, GREEN), (10, YELLOW), (60, RED)),
        stat("Latency", "From an event polled to its answer published: 99 in 100 take less.", "s",
             f"histogram_quantile(0.99, {rate('processing_latency_seconds_bucket', 'le')})", "p99",
             (None, GREEN), (0.5, YELLOW), (2, RED)),
        stat("Dead letters", "Share of the records that are refused.", "percentunit", dead, "refused",
             (None, GREEN), (0.001, YELLOW), (0.01, RED)),
        stat("Fullness", "Live streams / streams.max_live of the partitions held: at 1 the longest silent makes room.",
             "percentunit", f"sum(streamrnn_streams{{{S}}}) / sum(streamrnn_streams_max{{{S}}})", "of the room",
             (None, GREEN), (0.9, YELLOW), (1, RED)),
    ])  # fmt: skip


def learning() -> Row:
    """What is learned, and what it is worth."""
    of = "target, horizon"
    mixed = (("", T, ""), ("label_", S, " of labels"), ("token_", S, " of tokens"))
    mean = share("absolute_error_total", "scored_events_total", of)
    naive = f"{rate('baseline_absolute_error_total', of, T, WINDOW)} / {rate('scored_events_total', of, T, WINDOW)}"
    held = share("intervals_covered_total", "intervals_settled_total", f"{of}, level")
    level = "group_left () max by (level) (streamrnn_interval_level)"
    below = "group_left () max by (share) (streamrnn_quantile_share)"
    wrong = "baseline_correct_labels_total", "scored_labels_total"
    tokens = rate("scored_tokens_total", "", S, WINDOW)
    bits, usual = (f"{rate(f'{which}token_log_loss_total', '', S, WINDOW)} / {tokens} / 0.6931"
                   for which in ("", "baseline_"))
    return Row("Is it learning", [
        Panel("Skill", "1 - error / error of the naive answer, over the window. Above 0 is better than repeating the "
              "last value; the farther ahead the more there is to win. Counted before each update.", "percentunit",
              skills(), most=1, steps=((None, RED), (0, GREEN))),
        Panel("Error", "Mean absolute error in the target's own unit, beside that of the last value: the space between "
              "the curves is what learning is worth.", "short",
              (Query(mean, "{{target}} +{{horizon}}"), Query(naive, "{{target}} +{{horizon}} last value")), least=0),
        Panel("Coverage", "Share of outcomes within an interval, or with model.head: quantiles below a quantile, less "
              "the share that it promises: 0 is right, below 0 the intervals are too narrow.", "percentunit",
              (Query(f"{held} - on (level) {level}", "{{target}} +{{horizon}} at {{level}}"),
               Query(f"{share('quantile_outcomes_below_total', 'quantiles_settled_total', 'target, share')} "
                     f"- on (share) {below}", "{{target}} below {{share}}"))),
        Panel("Width of intervals", "Mean width in the target's own unit. Narrow is good only while coverage holds.",
              "short", (Query(share("interval_width_total", "intervals_settled_total", f"{of}, level"),
                              "{{target}} +{{horizon}} at {{level}}"),), least=0),
        Panel("Weights of experts", "Mean weight that each expert had in the answers: what stays near 0 does not "
              "earn its cost.", "percentunit",
              tuple(Query(share(f"{kind}expert_weight_total", f"{kind}expert_settled_total", "expert", where),
                          f"{{{{expert}}}}{told}") for kind, where, told in mixed), least=0, most=1),
        Panel("Loss", "Mean loss of a learning pass, in running deviations. It falls while the network learns, and "
              "rises with what is new.", "short",
              (Query(share("learning_loss_total", "learning_losses_total", "", S, RATE), "loss"),), least=0),
        Panel("Optimiser", "Optimiser steps a second: applied, of these clipped, and skipped because a number was not "
              "finite. None while events flow means that nothing is learned.", "ops",
              (Query(rate("updates_total", "result"), "{{result}}"), Query(rate("gradient_clips_total"), "clipped")),
              least=0),
        Panel("Gradient", "Norm of the last gradient before clipping, and the step size. 0 is a dead network.",
              "short", (Query(f"max by (instance) (streamrnn_gradient_norm{{{S}}})", "norm {{instance}}"),
                        Query(f"max by (instance) (streamrnn_learning_rate{{{S}}})", "rate {{instance}}")), least=0),
        Panel("Drift and anomalies", "Alarms of drift (of a stream, or of all errors of a shard) and alerts of the "
              "anomaly score, an hour.", "none",
              (Query(f"3600 * {rate('drift_detected_total', 'scope', S, WINDOW)}", "drift of a {{scope}}"),
               Query(f"3600 * {rate('anomaly_alerts_total', '', S, WINDOW)}", "anomaly alerts")), least=0),
        Panel("Right answers", "Share of right answers over the window, beside naive ones: of labels the last known "
              "and the most frequent, of tokens the most usual. Behind tokens.marker, the share of answers that were "
              "held likeliest token by token. Only with labels or tokens.", "percentunit",
              (Query(share("correct_labels_total", "scored_labels_total", "", S), "labels"),
               Query(f"{rate(wrong[0], 'baseline', S, WINDOW)} / on () group_left () {rate(wrong[1], '', S, WINDOW)}",
                     "{{baseline}}"),
               Query(share("correct_tokens_total", "scored_tokens_total", "", S), "tokens"),
               Query(share("baseline_correct_tokens_total", "scored_tokens_total", "", S), "usual token"),
               Query(share("exact_token_answers_total", "token_answers_total", "", S), "behind the marker")),
              least=0, most=1),
        Panel("Arrival of labels", "Labels a second: those that found their event, those that came too late, those "
              "that fit no event. Only in label modes.", "cps",
              tuple(Query(rate(f"{what}_labels_total"), what) for what in ("matched", "late", "unmatched")), least=0),
        Panel("Surprise of tokens", "Bits a token (log loss / .6931, the logarithm of 2): how unlikely what came "
              "had been held, beside its usual share. Texts unlike all before lift the one and not the other. Only "
              "with tokens.", "short",
              (Query(bits, "bits"), Query(usual, "usual share")), least=0),
    ])  # fmt: skip
