package bench

import (
	"math"
	"time"
)

// trend is whether something grows over a window.
type trend struct {
	What string  `json:"what"`
	Mean float64 `json:"mean"`
	// Growth is how much the straight line through the last two thirds of the window rises.
	Growth float64 `json:"growth"`
	// Flat is whether that is little, or no more than what comes and goes.
	Flat bool `json:"flat"`

	metric string
	at     []float64 // seconds
	value  []float64
}

// longEnough is how long has to be looked at before flat means anything.
const longEnough = 5 * time.Minute

// littleGrowth is how much of the mean a growth has to be to count; chance is how many times its standard error.
const (
	littleGrowth = 0.05
	chance       = 3
)

func (t *trend) add(at time.Duration, value float64) {
	t.at, t.value = append(t.at, at.Seconds()), append(t.value, value)
}

// fit lays a line through the last two thirds of the samples, in the first of which an engine still warms up; false if there are too few.
func (t *trend) fit() bool {
	from := len(t.at) / 3
	at, value := t.at[from:], t.value[from:]
	n := float64(len(at))
	if n < 3 {
		return false
	}
	t.Mean = mean(value)
	middle := mean(at)
	var square, product, rest float64
	for i := range at {
		square += (at[i] - middle) * (at[i] - middle)
		product += (at[i] - middle) * (value[i] - t.Mean)
	}
	slope := product / square
	for i := range at {
		off := value[i] - t.Mean - slope*(at[i]-middle)
		rest += off * off
	}
	length := at[len(at)-1] - at[0]
	t.Growth = slope * length
	deviation := math.Sqrt(rest/(n-2)/square) * length
	t.Flat = t.Growth <= littleGrowth*t.Mean || t.Growth <= chance*deviation
	return true
}

func mean(values []float64) float64 {
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	return sum / float64(len(values))
}
