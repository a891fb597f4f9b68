package main

import (
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
)

var (
	packetsDesc   = prometheus.NewDesc("nflog_packets_total", "Packets that were received, by the prefix of the rule, hook and protocol.", []string{"prefix", "hook", "protocol"}, nil)
	bytesDesc     = prometheus.NewDesc("nflog_bytes_total", "Bytes of the packets that were received, from the network header on.", []string{"prefix", "hook", "protocol"}, nil)
	receivedDesc  = prometheus.NewDesc("nflog_received_total", "Packets of a group that were received.", []string{"group"}, nil)
	lostDesc      = prometheus.NewDesc("nflog_lost_total", "Packets of a group that were logged and not received.", []string{"group"}, nil)
	overrunsDesc  = prometheus.NewDesc("nflog_overruns_total", "How often the receive buffer was full.", nil, nil)
	malformedDesc = prometheus.NewDesc("nflog_malformed_total", "Messages that could not be decoded.", nil, nil)
	upDesc        = prometheus.NewDesc("nflog_up", "1 as long as packets are received.", nil, nil)
)

// Describe is of [prometheus.Collector].
func (s *service) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{packetsDesc, bytesDesc, receivedDesc, lostDesc, overrunsDesc, malformedDesc, upDesc} {
		ch <- d
	}
}

// Collect is of [prometheus.Collector].
func (s *service) Collect(ch chan<- prometheus.Metric) {
	counter := func(d *prometheus.Desc, n uint64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(n), labels...)
	}
	for _, r := range s.counts.rows() {
		counter(packetsDesc, r.packets, r.prefix, r.hook.String(), r.protocol)
		counter(bytesDesc, r.bytes, r.prefix, r.hook.String(), r.protocol)
	}
	for _, g := range s.cfg.groups {
		stats := s.sub.GroupStats(g)
		counter(receivedDesc, stats.Received, strconv.Itoa(int(g)))
		counter(lostDesc, stats.Lost, strconv.Itoa(int(g)))
	}
	stats := s.sub.Stats()
	counter(overrunsDesc, stats.Overruns)
	counter(malformedDesc, stats.Malformed)
	up := 0.
	if s.reads.Load() {
		up = 1
	}
	ch <- prometheus.MustNewConstMetric(upDesc, prometheus.GaugeValue, up)
}
