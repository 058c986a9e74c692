package sign

import (
	"context"
	"net/http"
	"time"
)

// sameEvery is how often it is looked whether somebody is still who he was when he asked for something that lasts.
const sameEvery = 5 * time.Second

// While serves requests that may last, such as streams: they end soon after their session has, or after the role of whoever asked has
// become another one.
func (g *Gate) While(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, end := context.WithCancel(r.Context())
		defer end()
		who := g.Who(r)
		var look func()
		look = func() {
			if ctx.Err() != nil {
				return
			}
			if g.Who(r) != who {
				end()
				return
			}
			time.AfterFunc(sameEvery, look)
		}
		defer time.AfterFunc(sameEvery, look).Stop()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}
