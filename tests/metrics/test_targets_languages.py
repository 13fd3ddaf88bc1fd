"""Targets in German, French, Spanish, Portuguese and Japanese plans."""

from __future__ import annotations

import pytest

from apps.core.vocabulary import load
from apps.metrics.targets import parse_targets

CASES = {
    "de": [
        ("25 % Steigerung innerhalb von 90 Tagen", "", "ge", "25", "%", "increase", 90, None, None),
        (
            "Reduzierung der Einrichtungszeit um 60 %",
            "Einrichtungszeit",
            "ge",
            "60",
            "%",
            "decrease",
            None,
            None,
            None,
        ),
        ("40 % weniger Support-Tickets", "Support-Tickets", "ge", "40", "%", "decrease", None, None, None),
        (
            "mindestens 80 % positives Feedback",
            "positives Feedback",
            "ge",
            "80",
            "%",
            "absolute",
            None,
            None,
            None,
        ),
        ("unter 2 s Ladezeit für 95 % der Nutzer", "Ladezeit", "lt", "2", "s", "absolute", None, 95, None),
        ("keine kritischen Fehler", "kritischen Fehler", "eq", "0", None, "absolute", None, None, None),
        ("99,9 % Verfügbarkeit", "Verfügbarkeit", "ge", "99.9", "%", "absolute", None, None, None),
        ("99.9 % Verfügbarkeit", "Verfügbarkeit", "ge", "99.9", "%", "absolute", None, None, None),
        ("1.000 Anmeldungen im ersten Monat", "Anmeldungen", "ge", "1000", None, "absolute", 30, None, None),
        (
            "< 30 % Abschlussquote nach 2 Wochen",
            "Abschlussquote",
            "lt",
            "30",
            "%",
            "absolute",
            None,
            None,
            14,
        ),
        ("10.000 € MRR", "MRR", "ge", "10000", "EUR", "absolute", None, None, None),
        ("Fehlerrate unter 0,5 %", "Fehlerrate", "lt", "0.5", "%", "absolute", None, None, None),
    ],
    "fr": [
        ("augmentation de 25 % en 90 jours", "", "ge", "25", "%", "increase", 90, None, None),
        (
            "réduction de 60 % du temps de configuration",
            "temps de configuration",
            "ge",
            "60",
            "%",
            "decrease",
            None,
            None,
            None,
        ),
        ("40 % de tickets en moins", "tickets", "ge", "40", "%", "decrease", None, None, None),
        ("zéro bug critique", "bug critique", "eq", "0", None, "absolute", None, None, None),
        ("99,9 % de disponibilité", "disponibilité", "ge", "99.9", "%", "absolute", None, None, None),
        (
            "1 000 inscriptions le premier mois",
            "inscriptions",
            "ge",
            "1000",
            None,
            "absolute",
            30,
            None,
            None,
        ),
        ("taux d'erreur inférieur à 0,5 %", "taux d'erreur", "lt", "0.5", "%", "absolute", None, None, None),
        (
            "moins de 2 s de temps de chargement pour 95 % des utilisateurs",
            "temps de chargement",
            "lt",
            "2",
            "s",
            "absolute",
            None,
            95,
            None,
        ),
    ],
    "es": [
        ("aumento del 25 % en 90 días", "", "ge", "25", "%", "increase", 90, None, None),
        (
            "reducción del 60 % en el tiempo de configuración",
            "tiempo de configuración",
            "ge",
            "60",
            "%",
            "decrease",
            None,
            None,
            None,
        ),
        (
            "40 % menos tickets de soporte",
            "tickets de soporte",
            "ge",
            "40",
            "%",
            "decrease",
            None,
            None,
            None,
        ),
        ("cero errores críticos", "errores críticos", "eq", "0", None, "absolute", None, None, None),
        ("1.000 registros en el primer mes", "registros", "ge", "1000", None, "absolute", 30, None, None),
        (
            "< 30 % de finalización después de 2 semanas",
            "finalización",
            "lt",
            "30",
            "%",
            "absolute",
            None,
            None,
            14,
        ),
    ],
    "pt": [
        ("aumento de 25% em 90 dias", "", "ge", "25", "%", "increase", 90, None, None),
        (
            "redução de 60% no tempo de configuração",
            "tempo de configuração",
            "ge",
            "60",
            "%",
            "decrease",
            None,
            None,
            None,
        ),
        (
            "40% menos chamados de suporte",
            "chamados de suporte",
            "ge",
            "40",
            "%",
            "decrease",
            None,
            None,
            None,
        ),
        ("R$ 10 mil de MRR", "MRR", "ge", "10000", "BRL", "absolute", None, None, None),
        ("taxa de erro abaixo de 0,5%", "taxa de erro", "lt", "0.5", "%", "absolute", None, None, None),
    ],
    "ja": [
        ("90日以内に25%増加", "", "ge", "25", "%", "increase", 90, None, None),
        ("設定時間を60%短縮", "設定時間", "ge", "60", "%", "decrease", None, None, None),
        ("満足度80%以上", "満足度", "ge", "80", "%", "absolute", None, None, None),
        ("エラー率0.5%未満", "エラー率", "lt", "0.5", "%", "absolute", None, None, None),
        ("重大な不具合ゼロ", "重大な不具合", "eq", "0", None, "absolute", None, None, None),
        ("導入企業500社以上", "導入企業", "ge", "500", None, "absolute", None, None, None),
        ("ページ読み込み2秒以下", "ページ読み込み", "le", "2", "s", "absolute", None, None, None),
    ],
}


@pytest.mark.parametrize(
    ("language", "case"), [(language, case) for language, cases in CASES.items() for case in cases]
)
def test_targets_of_other_languages(language: str, case: tuple[object, ...]) -> None:
    (spec,) = parse_targets(str(case[0]), vocab=load(language))
    json = spec.to_json()
    assert (
        json["metric"],
        json["comparator"],
        json["value"],
        json["unit"],
        json["relation"],
        json["window_days"],
        json["percentile"],
        json["armed_after_days"],
    ) == case[1:]
