package web

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestThousandsOfStatesAreDrawnAsFewBandsOfWhichNoneIsBetterThanItWas(t *testing.T) {
	line := &timeline{From: 0, To: 86400}
	for i := range 10_000 { // it flaps: 8 s each, a WARNING in between
		state := []string{"OK", "CRITICAL", "OK", "WARNING"}[i%4]
		line.Bands = append(line.Bands, band{span: span{float64(i) * 8, float64(i+1) * 8}, State: state, Soft: i%8 == 1})
	}
	line.Bands = append(line.Bands, band{span: span{80_000, 86_400}, State: "OK"})
	line.thin(100)
	if len(line.Bands) > 200 {
		t.Errorf("%d bands", len(line.Bands))
	}
	if line.Known != 86_400 || line.Fine != 46_400 {
		t.Errorf("known for %v, fine for %v", line.Known, line.Fine)
	}
	states, at := 0, 0.0
	for _, b := range line.Bands {
		if b.From != at {
			t.Errorf("there is a hole before %v", b.From)
		}
		at = b.To
		if states += b.Count; b.Count > 8 && (b.State != "CRITICAL" || b.Soft) {
			t.Errorf("%+v hides the worst", b)
		}
	}
	if states != 10_001 || at != 86_400 {
		t.Errorf("%d states up to %v", states, at)
	}
}

func TestFewBandsStayAsTheyAre(t *testing.T) {
	line := &timeline{From: 0, To: 100, Bands: []band{{span: span{0, 1}, State: "UP"}, {span: span{1, 1.5}, State: "DOWN", Soft: true}}}
	want := append([]band{}, line.Bands...)
	line.thin(2)
	if diff := cmp.Diff(want, line.Bands, cmp.AllowUnexported(band{})); diff != "" {
		t.Error(diff)
	}
}

func TestTwoHundredMetricsAreAllShown(t *testing.T) {
	text := ""
	for i := range 400 {
		text += " m" + string(rune('a'+i%26)) + "=" + "1"
	}
	all, more := metricsOf(text)
	if len(all) != mostMetrics || len(all)+more != 400 {
		t.Errorf("%d metrics and %d more", len(all), more)
	}
}
