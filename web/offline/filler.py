"""Words that shape a question and say nothing of its subject, by language: the offline search leaves them out.

The site has the statistics of a whole index to tell them by; a copy has few texts, most of them English, in which "die"
or "man" would be rare and telling words. Written without accents, as the words of the index are.
"""

from __future__ import annotations

from collections.abc import Mapping

FILLER: Mapping[str, str] = {
    "en": """
        a about an and are as at be been but by can do does for from had has have how i if in into is it its me my no
        not of on or our should so some than that the their them there they this to us was we were what when where
        which who why will with would you your
    """,
    "de": """
        aber alle als also am an auch auf aus bei beim bin bis bist da damit dann das dass dem den der des die dies
        diese diesem diesen dieser dieses doch du durch ein eine einem einen einer eines er es etwas fur gegen
        gegenuber geht gibt haben hat ich ihm ihn ihnen ihr ihre ihren im in ins ist ja jede jeder kann kein keine
        konnen machen macht man mein meine meinem meinen mich mir mit muss nach nicht noch nur ob oder ohne sein seine
        seinen sich sie sind so soll sollen sollte tun uber um und uns unser unsere unseren vom von vor wann war warum
        was wegen welche welcher welches wenn wer werden wie wieso wir wird wo wurde zu zum zur zwischen
    """,
    "fr": """
        a ai au aucun aussi aux avec avoir c ca ce cela ces cet cette comme comment d dans de des dit dois doit dont
        du elle elles en entre est et etre eu faire fait faut il ils j je l la le les leur leurs lui m ma mais me mes
        moi mon n ne nos notre nous on ont ou par pas peut peuvent plus pour pourquoi qu quand que quel quelle quelles
        quels qui quoi s sa sans se ses si son sont sur t ta te tes ton tous tout toute toutes tres tu un une vers vos
        votre vous y
    """,
    "es": """
        a al algo ante aqui asi aun cada como con contra cual cuales cuando de del desde donde dos el ella ellas ellos
        en entre era es esa ese eso esta estan estar este esto estos fue ha hace hacer hacia hasta hay he la las le
        les lo los mas me mi mis muy nada ni no nos nuestra nuestro o otra otro para pero poder podemos por porque
        puede pueden que quien quienes se ser si sin sobre son su sus tambien te tiene tienen todo todos tu tus un una
        unas uno unos y ya yo
    """,
    "it": """
        a ad agli ai al alla alle allo anche c che chi ci come con contro cosa cui d da dagli dai dal dalla dalle de
        degli dei del dell della delle dello deve di dove dopo e ed era essere fa fare fra gli ha hanno ho i il in io
        l la le lei lo loro lui ma me mi mia mie miei mio molto ne negli nei nel nell nella nelle no noi non nostra
        nostro o ogni per perche piu possiamo posso possono puo qual quale quali quando quanto quella quello questa
        queste questi questo s se senza si sia siamo sono su sua sue sugli sui sul sull sulla sulle suo suoi tra tu
        tutti tutto un una uno vi voi
    """,
    "pl": """
        a aby albo ale bez bo by byc byl byla bylo co czy czym dla do gdy gdzie go i ich ile im inne ja jak jaka jaki
        jakie jako je jego jej jest jestem jesli juz kiedy kogo kto ktora ktore ktory ktorych lub ma maja mam mi mnie
        moga moge moj moja moje moze mozemy mozna my na nad nam nas nasz nasze nie nich nim niz o od on ona oni ono
        oraz po pod przed przez przy sa sie swoj swoje ta tak taki takie tam te tego tej ten to tu tych tym u w we
        wiec wszystkie wszystko z za ze zeby
    """,
}
