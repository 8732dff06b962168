use super::*;
#[test]
#[ignore]
fn timing() {
    let w = Widths { audio: 50, text: 128, video: 90 };
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("d");
    let mut wr = DatasetWriter::open(&data, DatasetInfo::new(w, BTreeMap::new(), BundleId::default())).unwrap();
    for n in 0..1500usize {
        let rng = &mut Rng::stream(&[5, n as u64]);
        let y = rng.unit() * 6.0 - 3.0;
        let t = 100 + rng.below(300);
        wr.add(Example { id: n.to_string(), source: String::new(), split: match n % 10 { 8 => Split::Val, 9 => Split::Test, _ => Split::Train }, label: y as f32, text: String::new(),
            audio: frames(t, 50, y, 0.02, rng), real: frames(15, 128, y, 0.05, rng), simulated: frames(15, 128, y, 0.03, rng), video: frames(t / 10, 90, y, 0.02, rng) }).unwrap();
    }
    wr.finish().unwrap();
    for (d, h, epochs) in [(256, 128, 2), (128, 64, 2), (64, 32, 8)] {
        let mut c = TrainConfig::default();
        c.network.model_width = d; c.network.fused_width = h; c.run.epochs = epochs; c.run.threads = 2;
        c.optimiser.learning_rate = 1e-3; c.optimiser.warm_up_epochs = 2; c.optimiser.batch = 32;
        let out = folder.path().join(d.to_string());
        let o = train(&c, &data, &out, false, &mut |r| eprintln!("{d} {} {:.1}s loss {:.3} mae {:.3} {:.3}", r.epoch, r.seconds, r.loss.total, r.validation.complete.mae, r.validation.simulated.mae)).unwrap();
        eprintln!("{} bytes", std::fs::metadata(&o.weights).unwrap().len());
        let s = crate::fusion::Scorer::load(&o.weights, &o.config, 2).unwrap();
        let t = std::time::Instant::now();
        for p in Protocol::FIXED { let r = evaluate(&s, &data, Split::Test, p).unwrap(); eprintln!("{p} {:?}", r.metrics); }
        eprintln!("eval {:?}", t.elapsed());
    }
}
