# fault: the columns of Figure 3 are compared the wrong way round
# file: experiments/03-segmentation/main.c
# runner: figures.sh
s/study_gap(study, figure.columns\[COLUMN_MAE\].ari, column->ari,/study_gap(study, column->ari, figure.columns[COLUMN_MAE].ari,/
