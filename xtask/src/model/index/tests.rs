//! tmp
use super::*;

#[test]
fn real() {
    for file in ["argo", "eks", "external-secrets", "grafana", "ingress-nginx", "stakater"] {
        let text = std::fs::read_to_string(format!("/work/shared/data/indexes/{file}.yaml")).unwrap();
        let mut problems = Vec::new();
        let t = std::time::Instant::now();
        let fast = scan(&text, file, &mut problems);
        let tf = t.elapsed();
        let t = std::time::Instant::now();
        let slow = read_slowly(&text, file);
        let ts = t.elapsed();
        println!("{file}: fast {} {tf:?} problems {} slow {ts:?}", fast.is_some(), problems.len());
        let slow = match slow { Ok(s) => s, Err(Refusal::Problems(p)) => { println!("{p:#?}"); continue }, Err(Refusal::Layout(w)) => { println!("{w}"); continue } };
        if let Some(fast) = fast {
            println!("{} versions", fast.versions.len());
            for (a, b) in fast.versions.iter().zip(&slow.versions) { assert_eq!(a, b); }
            for (a, b) in fast.charts.iter().zip(&slow.charts) { assert_eq!(a, b); }
            assert_eq!(fast, slow);
        }
    }
}
