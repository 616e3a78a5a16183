"""Words that signal a claim in a sentence: dates, figures, comparisons, causes, attribution."""

from __future__ import annotations

import re

_MONTHS = (
    "January|February|March|April|May|June|July|August|September|October|November|December|"
    r"Jan\.|Feb\.|Mar\.|Apr\.|Jun\.|Jul\.|Aug\.|Sept?\.|Oct\.|Nov\.|Dec\."
)
DATE = re.compile(
    rf"\b(?:\d{{1,2}}(?:st|nd|rd|th)? (?:of )?)?(?:{_MONTHS})(?: \d{{1,2}}(?:st|nd|rd|th)?\b)?(?:,? (?:1[5-9]|20)\d\d\b)|"
    rf"\b(?:{_MONTHS}) \d{{1,2}}(?:st|nd|rd|th)?\b|\b\d{{1,2}}(?:st|nd|rd|th)? (?:of )?(?:{_MONTHS})(?!\w)|"
    r"\b(?:1[5-9]|20)\d\d-\d\d(?:-\d\d)?\b|\b(?:1[5-9]|20)\d0s\b|\b(?:1[5-9]|20)\d\d\b"
)
FIGURE = re.compile(
    r"[$€£¥]\s?\d|(?<![\d.,])\d[\d.,]*+\s?(?:%|percent|per cent)|\b\d[\d.,]*\b|"
    r"\b(?:hundred|thousand|million|billion|trillion|dozen|half|thirds?|quarters?|fifths?|tenths?|twice|double[ds]?|"
    r"tripled?|two|three|four|five|six|seven|eight|nine|ten|twelve|twenty|thirty|forty|fifty|sixty|ninety)s?\b",
    re.IGNORECASE,
)
COMPARED = re.compile(
    r"\b(?:more|less|fewer|little|few|compared|most|least|fewest|higher|lower|larger|smaller|greater|bigger|longer|shorter|faster|slower|"
    r"cheaper|stronger|weaker|safer|richer|poorer|worse|better|highest|lowest|largest|smallest|biggest|longest|"
    r"fastest|first|last|only|\w{3,}er than|as \w+ as|increas\w+|decreas\w+|declin\w+|reduc\w+|rose|risen|rises?|"
    r"rising|fell|fallen|falls|grew|grown|grows?|growing|shrank|shrunk|dropped|drops|soared|surged|shifted|record)\b",
    re.IGNORECASE,
)
GENERAL = re.compile(
    r"\b(?:all|every|each|none|never|always|nobody|everyone|everywhere|most|many|few|both|neither|nor|no|decades|"
    r"years|centuries|worldwide|across|entire|only|alone|mainly|largely|often|rarely|usually|not)\b|n[’']t\b",
    re.IGNORECASE,
)
CAUSED = re.compile(
    r"\b(?:caus\w+|because|due to|led to|leads? to|leading to|result\w*|means|drives?|drove|driven|forc\w+|prevent\w*|"
    r"allow\w*|help\w*|threaten\w*|damag\w+|destroy\w*|creat\w+|produc\w+|start\w*|began|begun|end(?:s|ed)|includ\w+|"
    r"contain\w*|require\w*|consist\w*|depend\w*|lacks?|needs?|at the (?:price|cost|expense) of|impact|effect)\b",
    re.IGNORECASE,
)
SAYING = (
    r"said|says|say|stated|states|argued|argues|argue|claimed|claims|claim|warned|warns|warn|reported|reports|"
    r"believed|believes|believe|considered|considers|thinks?|thought|insisted|insists|insist|noted|notes|"
    r"explained|explains|details|detailed|concluded|concludes|suggested|suggests|suggest|estimated|estimates|"
    r"found|finds|wrote|writes|told|tells|promised|promises|denied|denies|contends?|maintains?|alleges?|alleged|"
    r"announced|announces|acknowledged|admits|admitted|called|calls|criticised|criticized|testified"
)
ATTRIBUTED = re.compile(
    rf"\b(?:{SAYING})\b|\baccording to\b|\bin the (?:words|view|opinion) of\b|\b(?:critics|experts|specialists|"
    r"supporters|opponents|officials|economists|scientists|researchers|analysts|counterarguments)\b",
    re.IGNORECASE,
)
FUTURE = re.compile(
    r"\b(?:will|won’t|won't|shall|would|going to|is likely to|are likely to|likely|by 20[2-9]\d|soon|in the future|"
    r"inevitabl\w+|bound to|risks? \w+ing|lead to a)\b",
    re.IGNORECASE,
)
SURE_FUTURE = re.compile(
    r"\b(?:will|won’t|won't|shall|would (?:be|have|lead|mean|cause|make|lose|cost|bring|end|not)|going to|"
    r"(?:is|are) (?:un)?likely to|bound to|lead to a)\b",
    re.IGNORECASE,
)
VALUED = re.compile(
    r"\b(?:should|must|ought|shouldn’t|shouldn't|needs? to|have to|has to|had better|good|bad|better|best|worse|"
    r"worst|wrong|right|unjust|just(?= and)|fair|unfair|moral\w*|immoral|wise|unwise|foolish|smart\w*|cheaper|"
    r"dangerous|terrible|great|important|essential|necessary|unnecessary|deserves?|worth|shame\w*|reckless|myth|"
    r"oversimplif\w+|tempting|stakes|unacceptable|unavoidabl\w+|beautiful|ugly|tastes?|rather than|"
    r"very|so many|bombastic|hard-line|price of)\b",
    re.IGNORECASE,
)
VERB = re.compile(
    r"\b(?:is|are|was|were|be|been|being|am|has|have|had|do|does|did|will|would|can|could|may|might|must|should|"
    r"shall|isn’t|aren’t|wasn’t|weren’t|hasn’t|haven’t|doesn’t|don’t|didn’t|won’t|can’t|cannot|it’s|they’re|that’s|"
    r"\w{3,}ed|\w{3,}ing|\w{3,}(?:[^s\W]s)|rose|fell|grew|made|took|took|gave|went|came|became|began|brought|built|"
    r"bought|kept|left|lost|paid|put|said|sent|set|shut|sold|spent|struck|told|won|wrote|found|held|led|cut|hit|"
    r"include|cost|need|say|argue|claim|want|show|make|take|give|lead|live|work|die|own|use)\b",
    re.IGNORECASE,
)
IS = re.compile(
    r"\b(?:is|are|was|were|isn’t|aren’t|wasn’t|weren’t|it’s|they’re|has|have|had|mean|means)\b", re.IGNORECASE
)
PERSONAL = re.compile(r"\b(?:I|you|your|my|me)\b|^(?:So|Well|Again|Still),? (?:what|why|how)\b")
