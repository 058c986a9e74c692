package browser

import (
	"context"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
)

// Finger is a point of the window that a finger touches, in CSS pixels.
type Finger struct{ X, Y float64 }

// Touch puts fingers down where the first of ways are, moves them along the others, and lifts them. All have as many fingers.
func (b *Tab) Touch(ways ...[]Finger) {
	b.t.Helper()
	b.try("touching", func(ctx context.Context) error {
		kind := input.DispatchTouchEventTypeTouchStart
		for _, at := range ways {
			if err := touch(ctx, kind, at); err != nil {
				return err
			}
			kind = input.DispatchTouchEventTypeTouchMove
		}
		return touch(ctx, input.DispatchTouchEventTypeTouchEnd, nil)
	})
}

func touch(ctx context.Context, kind input.DispatchTouchEventType, at []Finger) error {
	points := []*input.TouchPoint{}
	for i, f := range at {
		id := float64(i)
		points = append(points, &input.TouchPoint{X: f.X, Y: f.Y, ID: &id})
	}
	_, err := chromedp.Call(ctx, input.DispatchTouchEvent, input.DispatchTouchEventParams{Type: kind, TouchPoints: points})
	return err
}

// Paper has the tab look as it is printed, or as on a screen again.
func (b *Tab) Paper(on bool) {
	b.t.Helper()
	media := map[bool]string{true: "print", false: ""}[on]
	b.try("choosing the medium", func(ctx context.Context) error {
		_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: media})
		return err
	})
}
