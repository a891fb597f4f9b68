package main

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

//go:embed page
var page embed.FS

// handler serves all that the service tells.
func (s *service) handler() http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(s, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	files, err := fs.Sub(page, "page")
	if err != nil {
		panic(err) // it is there or this does not compile
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /healthz", s.health)
	mux.HandleFunc("GET /events", s.events)
	mux.Handle("GET /", http.FileServerFS(files))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// Prefixes come from rules and names from the wire: no page may run them.
		w.Header().Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		mux.ServeHTTP(w, r)
	})
}

func (s *service) health(w http.ResponseWriter, _ *http.Request) {
	if !s.reads.Load() {
		http.Error(w, "no packets are received any more", http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintln(w, "ok")
}

// status is what pages are told.
type status struct {
	Rows      []statusRow   `json:"rows"`
	Groups    []statusGroup `json:"groups"`
	Overruns  uint64        `json:"overruns"`
	Malformed uint64        `json:"malformed"`
}

type statusRow struct {
	Prefix   string `json:"prefix"`
	Hook     string `json:"hook"`
	Protocol string `json:"protocol"`
	Packets  uint64 `json:"packets"`
	Bytes    uint64 `json:"bytes"`
}

type statusGroup struct {
	Group    uint16 `json:"group"`
	Received uint64 `json:"received"`
	Lost     uint64 `json:"lost"`
}

func (s *service) status() status {
	stats := s.sub.Stats()
	st := status{Rows: []statusRow{}, Overruns: stats.Overruns, Malformed: stats.Malformed}
	for _, r := range s.counts.rows() {
		st.Rows = append(st.Rows, statusRow{r.prefix, r.hook.String(), r.protocol, r.packets, r.bytes})
	}
	for _, g := range s.cfg.groups {
		stats := s.sub.GroupStats(g)
		st.Groups = append(st.Groups, statusGroup{g, stats.Received, stats.Lost})
	}
	return st
}

// events tells a page of the counts, again and again, until it or the service ends.
func (s *service) events(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	out := http.NewResponseController(w)
	tick := time.NewTicker(s.cfg.period)
	defer tick.Stop()
	for {
		b, err := json.Marshal(s.status())
		if err != nil {
			return
		}
		if _, err := fmt.Fprintf(w, "data: %s\n\n", b); err != nil || out.Flush() != nil {
			return
		}
		select {
		case <-tick.C:
		case <-r.Context().Done():
			// The page is not to ask again at once if it is the service that ends.
			_, _ = fmt.Fprint(w, "event: end\ndata: {}\n\n")
			_ = out.Flush()
			return
		}
	}
}
