"""Times in German, French, Spanish, Portuguese and Japanese plans, told by their English wording."""

from __future__ import annotations

import pytest

from apps.core.vocabulary import load
from apps.schedule.when import format_when, parse_when

CASES = {
    "de": {
        "Woche -2": "Week -2",
        "Wochen 2–3": "Weeks 2 to 3",
        "ab Woche 4": "Week 4 onward",
        "Launchwoche": "Week 0",
        "Launch-Woche": "Week 0",
        "Launchtag": "Day 0",
        "2 Wochen vor dem Launch": "Week -2",
        "30 Tage nach dem Launch": "Day +30",
        "20. März 2026": "2026-03-20",
        "20.–24. Januar 2026": "2026-01-20 to 2026-01-24",
        "vom 20. bis 24. Januar 2026": "2026-01-20 to 2026-01-24",
        "4.3.2026": "2026-03-04",
        "4.3.": "Mar 4",
        "20.03.–24.03.2026": "2026-03-20 to 2026-03-24",
        "KW 12 2026": "Week of 2026-03-16",
        "1. Quartal 2026": "Q1 2026",
        "T-14": "Day -14",
        "9:00 Uhr": "09:00",
        "15 Uhr MEZ": "15:00 CET",
        "am 5. Mai 2026 um 9 Uhr": "2026-05-05 09:00",
        "Tag -14 bis -10": "Days -14 to -10",
        "Mitte März 2026": "Mar 2026",
        "1. Woche": "Week 1",
        "Monat 1": "Month 1",
        "T-5 Werktage": "T-5 business days",
    },
    "fr": {
        "Semaine -2": "Week -2",
        "Semaines 2 à 3": "Weeks 2 to 3",
        "S-2": "Week -2",
        "J-7": "Day -7",
        "J+30": "Day +30",
        "Jour J": "Day 0",
        "à partir de la semaine 4": "Week 4 onward",
        "semaine du lancement": "Week 0",
        "2 semaines avant le lancement": "Week -2",
        "30 jours après le lancement": "Day +30",
        "20 mars 2026": "2026-03-20",
        "1er avril 2026": "2026-04-01",
        "du 20 au 24 janvier 2026": "2026-01-20 to 2026-01-24",
        "T1 2026": "Q1 2026",
        "1er trimestre 2026": "Q1 2026",
        "9h30": "09:30",
        "14 h 30": "14:30",
        "mi-mars 2026": "Mar 2026",
        "mercredi 4 mars 2026 à 15h": "2026-03-04 15:00",
        "04/03/2026": "2026-03-04",
        "J-14 à J-10": "Days -14 to -10",
        "Mois 1": "Month 1",
    },
    "es": {
        "Semana -2": "Week -2",
        "Semanas 2 a 3": "Weeks 2 to 3",
        "Semanas 2-3": "Weeks 2 to 3",
        "D+7": "Day +7",
        "Día 0": "Day 0",
        "semana del lanzamiento": "Week 0",
        "día del lanzamiento": "Day 0",
        "2 semanas antes del lanzamiento": "Week -2",
        "30 días después del lanzamiento": "Day +30",
        "20 de marzo de 2026": "2026-03-20",
        "del 20 al 24 de enero de 2026": "2026-01-20 to 2026-01-24",
        "a partir de la semana 4": "Week 4 onward",
        "primer trimestre de 2026": "Q1 2026",
        "1T 2026": "Q1 2026",
        "martes 3 de marzo de 2026 a las 9:00": "2026-03-03 09:00",
        "mediados de marzo de 2026": "Mar 2026",
    },
    "pt": {
        "Semana -2": "Week -2",
        "Semanas 2 a 3": "Weeks 2 to 3",
        "D-7": "Day -7",
        "semana do lançamento": "Week 0",
        "dia do lançamento": "Day 0",
        "2 semanas antes do lançamento": "Week -2",
        "30 dias após o lançamento": "Day +30",
        "20 de março de 2026": "2026-03-20",
        "de 20 a 24 de janeiro de 2026": "2026-01-20 to 2026-01-24",
        "a partir da semana 4": "Week 4 onward",
        "1º trimestre de 2026": "Q1 2026",
        "1T26": "Q1 2026",
        "3 de março de 2026 às 9h": "2026-03-03 09:00",
        "terça-feira, 3 de março de 2026": "2026-03-03",
        "Mês 1": "Month 1",
    },
    "ja": {
        "第1週": "Week 1",
        "第2〜3週": "Weeks 2 to 3",
        "第-2週": "Week -2",
        "1週目": "Week 1",
        "3日目": "Day 3",
        "ローンチ2週間前": "Week -2",
        "ローンチの2週間前": "Week -2",
        "公開30日後": "Day +30",
        "ローンチ後30日": "Day +30",
        "リリース当日": "Day 0",
        "ローンチ週": "Week 0",
        "第4週以降": "Week 4 onward",
        "2026年3月4日": "2026-03-04",
        "2026年3月4日(水)": "2026-03-04",
        "3月4日": "Mar 4",
        "2026年3月": "Mar 2026",
        "2026年第1四半期": "Q1 2026",
        "2026年1月20日〜24日": "2026-01-20 to 2026-01-24",
        "9時30分": "09:30",
        "T-14": "Day -14",
        "２０２６年３月４日": "2026-03-04",
        "2026年3月上旬": "Mar 2026",
    },
}


@pytest.mark.parametrize(
    ("language", "text"), [(lang, text) for lang, cases in CASES.items() for text in cases]
)
def test_times_of_other_languages(language: str, text: str) -> None:
    when = parse_when(text, vocab=load(language))
    assert when is not None
    assert format_when(when) == CASES[language][text]


@pytest.mark.parametrize(
    ("language", "text"),
    [("de", "[DATUM]"), ("fr", "à définir"), ("es", "por definir"), ("pt", "a definir"), ("ja", "未定")],
)
def test_placeholders_of_other_languages_are_no_times(language: str, text: str) -> None:
    assert parse_when(text, vocab=load(language)) is None


@pytest.mark.parametrize("language", ["de", "fr", "es", "pt"])
def test_days_come_before_months_without_a_question(language: str) -> None:
    when = parse_when("4/3/2026", vocab=load(language))
    assert when is not None
    assert (str(when.date), when.ambiguous) == ("2026-03-04", ())
